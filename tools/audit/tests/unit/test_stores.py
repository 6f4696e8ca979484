"""A store that cannot be read is named in one line."""

import pytest
import requests

from tools.audit.reader import read
from tools.audit.stores import Bank, StoreError, Stores, connect, dead_letters


@pytest.fixture
def unavailable(free_port, tmp_path):
    """Stores of which none answers."""
    address = f"127.0.0.1:{free_port()}"
    return Stores(
        databases={name: f"postgresql://{name}:secret@{address}/{name}" for name in ("orders", "inventory")},
        bank_url=f"http://{address}",
        bank_api_key="secret",
        nats_url=f"nats://market:secret@{address}",
        mail_folder=tmp_path / "mail",
    )


@pytest.mark.parametrize("service", ["orders", "inventory"])
def test_an_unavailable_database_is_named(unavailable, service):
    with (
        pytest.raises(StoreError, match=f"^The database of {service} cannot be read: .*refused"),
        connect(unavailable, service),
    ):
        pass


def test_an_unavailable_bank_is_named(unavailable):
    with (
        requests.Session() as session,
        pytest.raises(StoreError, match=r"^The bank's ledger cannot be read: no answer\.$"),
    ):
        Bank(session, unavailable).entries()


def test_an_unavailable_nats_server_is_named(unavailable):
    with pytest.raises(StoreError, match=r"NATS does not answer\.$"):
        dead_letters(unavailable.nats_url)


def test_an_unreadable_mail_folder_is_named(unavailable):
    unavailable.mail_folder.write_text("a file instead of a folder")
    with pytest.raises(StoreError, match=r"^The mail folder cannot be read"):
        read(unavailable)
