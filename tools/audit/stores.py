"""Where everything is that the audit reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from topology import SERVICES

if TYPE_CHECKING:
    from laptop.environment import Market


@dataclass(frozen=True)
class Stores:
    """The stores of one market, however it is run.

    `databases` has the URL of each service's database, in that service's own role; `mail_folder` is the Maildir
    that mails are put into, None where they go to a mail server.
    """

    databases: Mapping[str, str] = field(repr=False)
    bank_url: str
    bank_api_key: str = field(repr=False)
    nats_url: str = field(repr=False)
    mail_folder: Path | None

    @classmethod
    def of_market(cls, market: Market) -> Stores:
        """The stores of a market that runs in laptop mode."""
        owners = [service.name for service in market.services if service.database]
        return cls(
            databases={name: market.database_url(name, name) for name in owners},
            bank_url=market.url("bank"),
            bank_api_key=market.secrets.bank_api_key,
            nats_url=market.broker.url,
            mail_folder=market.home.mail,
        )

    @classmethod
    def of_containers(cls, secrets: Path, mail: Path | None, at: Callable[[str], str] = str) -> Stores:
        """The stores of a market in containers, from the folder with its secrets.

        Its servers are reached by their names; ``at`` turns them into addresses for those who don't know them.
        Raises `OSError` where a secret is missing.
        """

        def secret(name: str) -> str:
            return (secrets / name).read_text(encoding="utf-8").strip()

        owners = [service.name for service in SERVICES if service.database]
        return cls(
            databases={
                name: secret(f"{name}_database_url").replace("@postgres:", f"@{at('postgres')}:")
                for name in owners
            },
            bank_url=f"http://{at('bank')}:8000",
            bank_api_key=secret("bank_api_key"),
            nats_url=secret("nats_url").replace("@nats:", f"@{at('nats')}:"),
            mail_folder=mail,
        )
