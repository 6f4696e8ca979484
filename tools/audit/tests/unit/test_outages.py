"""What does not answer is told in one line."""

import pytest
import requests

from tools.audit.bank import Bank
from tools.audit.broker import dead_letters
from tools.audit.errors import CannotRead
from tools.audit.reading import read
from tools.audit.stores import Stores
from tools.audit.tables import tables_of


@pytest.fixture
def nobody(free_port, tmp_path):
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
def test_a_database_that_does_not_answer_is_named(nobody, service):
    with (
        pytest.raises(CannotRead, match=f"^The database of {service} cannot be read: .*refused"),
        tables_of(service, nobody),
    ):
        pass


def test_a_bank_that_does_not_answer_is_named(nobody):
    with (
        requests.Session() as session,
        pytest.raises(CannotRead, match=r"^The bank's ledger cannot be read: the bank does not answer\.$"),
    ):
        Bank(session, nobody).entries()


def test_a_broker_that_does_not_answer_is_named(nobody):
    with pytest.raises(CannotRead, match=r"^NATS does not answer"):
        dead_letters(nobody.nats_url)


def test_a_folder_that_may_not_be_read_is_named(nobody):
    nobody.mail_folder.write_text("a file where a folder should be")
    with pytest.raises(CannotRead, match=r"^The mail folder cannot be read"):
        read(nobody)
