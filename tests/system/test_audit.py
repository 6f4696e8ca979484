"""The audit of a whole market: clean after purchases of all kinds, and every store is looked at."""

import asyncio
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
import pytest
from tenacity import retry, retry_if_not_result, stop_after_delay, wait_fixed

from tests.system.tampering import Table
from tools.audit.reading import read
from tools.audit.reconciliation import audit

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Bought:
    """The ids of orders of several kinds, and what is in each."""

    shipped: str
    other: str
    cancelled: str
    declined: str
    product: str
    account: str


@pytest.fixture(scope="module")
def bought(new_shopper, plentiful, stores):
    """Purchases of all kinds, in a market in which nothing moves any more."""
    buyer, product = new_shopper(), plentiful[0]

    def buy(card="tok_visa", pieces=1):
        buyer.fill_basket(product, pieces)
        answer = buyer.buy(card).json()
        return answer.get("id") or answer["details"][0]["metadata"]["orderId"]

    shipped, cancelled = buy(pieces=2), buy()
    assert buyer.call("POST", f"/api/v1/orders/{cancelled}:cancel", json={}).json()["state"] == "CANCELLED"
    other = buy("tok_lost_answer")
    buy("tok_slow")
    declined = buy("tok_declined")
    buyer.call("DELETE", f"/api/v1/cart/items/{product}")
    scarce = next(stock.product_id for stock in read(stores).stock if stock.available < 50)
    buyer.fill_basket(scarce, 50)
    assert buyer.buy().json()["details"][0]["reason"] == "SOLD_OUT"
    wait_until_quiet(stores)
    account = read(stores).orders[shipped].account_id
    return Bought(shipped, other, cancelled, declined, product, account)


@retry(retry=retry_if_not_result(bool), stop=stop_after_delay(90), wait=wait_fixed(0.5))
def wait_until_quiet(stores):
    """No order has a step left, every parcel has left, and all books agree."""
    parcels = read(stores).shipments.values()
    return audit(stores, 0).is_clean and not any(parcel.state == "PACKING" for parcel in parcels)


def found(stores):
    return {(finding.rule, finding.id) for finding in audit(stores, patience=0).findings}


@pytest.fixture
def table(stores):
    """A table of a service, to be tampered with."""

    def of(service, name):
        return Table(stores.databases[service], name)

    return of


def test_a_market_that_has_sold_and_refused_and_taken_back_is_clean(bought, stores):
    report = audit(stores)
    assert report.is_clean, report.details()
    assert {row.rule for row in report.rows} >= {"sold: money", "stock", "mails", "dead letters"}
    assert max(map(len, report.table().splitlines())) <= 100


def test_an_order_that_costs_more_than_its_lines_is_found(bought, stores, table):
    total = read(stores).orders[bought.shipped].total_cents
    with table("orders", "orders").changed({"id": bought.shipped}, total_cents=total + 1):
        assert found(stores) == {("orders", bought.shipped), ("sold: money", bought.shipped)}
    assert found(stores) == set()


def test_an_order_that_nobody_will_go_on_with_is_found(bought, stores, table):
    with table("orders", "orders").changed({"id": bought.declined}, state="PENDING"):
        assert found(stores) == {("deadlines", bought.declined)}
    assert found(stores) == set()


def test_an_order_without_its_account_is_found(bought, stores, table):
    with table("accounts", "accounts").without({"id": bought.account}):
        wrong = found(stores)
    assert ("orders", bought.shipped) in wrong
    assert {rule for rule, _ in wrong} == {"orders"}
    assert found(stores) == set()


def test_a_second_capture_is_found(bought, stores, table):
    # The bank lets no authorisation be captured twice; this is one that it declined.
    another = table("payments", "payments").value("bank_reference", {"order_id": bought.declined})
    capture = {"reference": bought.shipped, "operation": "capture"}
    with table("bank", "ledger").with_another(capture, authorization_id=another, position=10**9):
        assert found(stores) == {("sold: money", bought.shipped), ("ledger", "holds")}
    assert found(stores) == set()


def test_a_capture_that_was_never_made_is_found(bought, stores, table):
    with table("bank", "ledger").without({"reference": bought.other, "operation": "capture"}):
        assert found(stores) == {
            ("sold: money", bought.other),
            ("payments", bought.other),
            ("ledger", "holds"),
        }
    assert found(stores) == set()


def test_a_refund_that_was_never_made_is_found(bought, stores, table):
    with table("bank", "ledger").without({"reference": bought.cancelled, "operation": "refund"}):
        assert found(stores) == {("cancelled: money", bought.cancelled), ("payments", bought.cancelled)}
    assert found(stores) == set()


def test_money_of_no_order_is_found(bought, stores, table):
    with table("bank", "ledger").changed(
        {"reference": bought.cancelled, "operation": "refund"}, reference="stray"
    ):
        wrong = found(stores)
    assert ("ledger", "stray") in wrong
    assert found(stores) == set()


def test_a_payment_that_is_behind_the_bank_is_found(bought, stores, table):
    with table("payments", "payments").changed({"order_id": bought.shipped}, state="AUTHORIZED"):
        assert found(stores) == {("payments", bought.shipped)}
    assert found(stores) == set()


def test_a_payment_that_is_gone_is_found(bought, stores, table):
    with table("payments", "payments").without({"order_id": bought.shipped}):
        assert found(stores) == {("payments", bought.shipped)}
    assert found(stores) == set()


def test_a_reservation_that_was_never_committed_is_found(bought, stores, table):
    with ExitStack() as changes:
        moved = {"reference": bought.shipped, "kind": "SOLD"}
        changes.enter_context(table("inventory", "movements").without(moved))
        changes.enter_context(
            table("inventory", "reservations").changed({"order_id": bought.shipped}, state="HELD")
        )
        # The stock agrees: what is held is not sold.
        assert found(stores) == {("sold: pieces", bought.shipped)}
    assert found(stores) == set()


def test_pieces_that_did_not_come_back_are_found(bought, stores, table):
    moved = {"reference": bought.cancelled, "kind": "RETURNED"}
    with table("inventory", "movements").without(moved):
        assert found(stores) == {("cancelled: pieces", bought.cancelled), ("stock", bought.product)}
    assert found(stores) == set()


def test_a_stock_that_is_off_by_one_is_found(bought, stores, table):
    there = next(stock.available for stock in read(stores).stock if stock.product_id == bought.product)
    with table("inventory", "stock").changed({"product_id": bought.product}, available=there - 1):
        assert found(stores) == {("stock", bought.product)}
    assert found(stores) == set()


def test_a_parcel_under_another_number_is_found(bought, stores, table):
    with table("shipping", "shipments").changed({"order_id": bought.shipped}, tracking_number="CM0"):
        assert found(stores) == {("shipments", bought.shipped)}
    assert found(stores) == set()


def test_a_parcel_that_is_gone_is_found(bought, stores, table):
    with table("shipping", "shipments").without({"order_id": bought.shipped}):
        assert found(stores) == {("shipments", bought.shipped), ("mails", bought.shipped)}
    assert found(stores) == set()


def test_a_mail_that_is_gone_is_found(bought, stores, table):
    mail = {"order_id": bought.shipped, "kind": "confirmed"}
    letter = next(m.letter_id for m in read(stores).mails if (m.order_id, m.kind) == tuple(mail.values()))
    with table("notifications", "emails").without(mail):
        assert found(stores) == {("mails", bought.shipped), ("mail folder", letter)}
    assert found(stores) == set()


def test_a_mail_that_was_sent_twice_is_found(bought, stores, table):
    mail = {"order_id": bought.shipped, "kind": "confirmed"}
    with table("notifications", "emails").with_another(mail, event_id="again"):
        assert found(stores) == {("mails", bought.shipped)}
    assert found(stores) == set()


def test_a_strange_file_in_the_mail_folder_is_found(bought, stores):
    spam = stores.mail_folder / "new" / "spam"
    spam.touch()
    try:
        assert found(stores) == {("mail folder", "spam")}
    finally:
        spam.unlink()
    assert found(stores) == set()


def test_a_mail_that_somebody_has_read_is_no_finding(bought, stores):
    letter = next((stores.mail_folder / "new").iterdir())
    read_one = stores.mail_folder / "cur" / f"{letter.name}:2,S"
    letter.rename(read_one)
    try:
        assert found(stores) == set()
    finally:
        read_one.rename(letter)


def test_an_order_that_was_learned_from_twice_is_found(bought, stores, table):
    counted = read(stores).lessons.sold[bought.product]
    with table("recommendations", "sold").changed({"product": bought.product}, orders=counted + 1):
        assert found(stores) == {("recommendations", bought.product)}
    assert found(stores) == set()


def test_an_order_that_was_never_learned_from_is_found(bought, stores, table):
    event = {"event_id": f"{bought.shipped}:order.confirm"}
    with table("recommendations", "inbox").without(event):
        assert found(stores) == {("recommendations", bought.shipped), ("recommendations", bought.product)}
    assert found(stores) == set()


def test_a_dead_letter_is_found(bought, stores):
    with dead_letter(stores, "dead.notifications"):
        assert found(stores) == {("dead letters", "notifications")}
    assert found(stores) == set()


@contextmanager
def dead_letter(stores, subject):
    """A message that is set aside while the block runs."""

    async def with_stream(act):
        client = await nats.connect(stores.nats_url)
        try:
            return await act(client.jetstream())
        finally:
            await client.close()

    kept = asyncio.run(with_stream(lambda stream: stream.publish(subject, b"not an event")))
    try:
        yield
    finally:
        asyncio.run(with_stream(lambda stream: stream.delete_msg("DEAD", kept.seq)))


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tools.audit", "--dir", str(folder), *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_says_that_nothing_is_lost(bought, market_folder):
    ran = command(market_folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0].split() == ["compared", "expected", "found"]
    assert ran.stdout.splitlines()[-1] == "Nothing is lost."


def test_the_command_names_what_is_wrong_and_fails(bought, stores, table, market_folder):
    with table("payments", "payments").without({"order_id": bought.shipped}):
        ran = command(market_folder, "--patience", "1")
    assert ran.returncode == 1
    assert f"  {bought.shipped}: SHIPPED, but there is no payment" in ran.stdout.splitlines()
    assert "1 wrong" in ran.stdout
