"""The bank's books, as an auditor of the whole market reads them."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from laptop.ports import Ports

PAGE = 100


@dataclass(frozen=True)
class Books:
    """The ledger of the bank that belongs to a market on this machine."""

    url: str
    api_key: str

    @classmethod
    def of(cls, market: str, folder: Path) -> "Books":
        """The books of the market at this address, whose state is in this folder."""
        port = Ports(urlsplit(market).port or 80).service("bank")
        secrets = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))
        return cls(f"http://127.0.0.1:{port}", secrets["bank_api_key"])

    def read(self, path: str, **query: str | int) -> dict[str, Any]:
        """One answer of the bank."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        answer = requests.get(self.url + path, params=query, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def captured(self) -> dict[str, list[int]]:
        """The cents of each capture, by the order that it was made for."""
        found: dict[str, list[int]] = defaultdict(list)
        after: int | None = 0
        while after is not None:
            page = self.read("/v1/ledger", after=after, pageSize=PAGE)
            for entry in page["entries"]:
                if entry["operation"] == "capture":
                    found[entry["reference"]].append(entry["amountCents"])
            after = page["nextAfter"]
        return found

    def operations(self, order_id: str) -> list[str]:
        """What was done for an order, the oldest first: authorize, capture, void, refund."""
        entries = self.read("/v1/ledger", reference=order_id)["entries"]
        return [entry["operation"] for entry in entries]
