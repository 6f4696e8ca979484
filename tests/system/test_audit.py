"""The audit of a whole stack: clean after purchases of all kinds, and it reads every store."""

import asyncio
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
import pytest

from tests.support.waiting import wait_until
from tests.system.tampering import Table
from tools.audit import read, run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Purchases:
    """The ids of one order of each kind, the product that they contain and the account of the buyer."""

    shipped: str
    second: str
    canceled: str
    declined: str
    product: str
    account: str


@pytest.fixture(scope="module")
def purchases(new_customer, in_stock, stores):
    """Purchases of all kinds, in a stack that is idle afterwards."""
    buyer, product = new_customer(), in_stock[0]

    def buy(card="tok_visa", units=1):
        buyer.fill_cart(product, units)
        answer = buyer.buy(card).json()
        return answer.get("id") or answer["details"][0]["metadata"]["orderId"]

    shipped, canceled = buy(units=2), buy()
    assert buyer.call("POST", f"/api/v1/orders/{canceled}:cancel", json={}).json()["state"] == "CANCELLED"
    second = buy("tok_lost_answer")
    buy("tok_slow")
    declined = buy("tok_declined")
    buyer.call("DELETE", f"/api/v1/cart/items/{product}")
    scarce = next(stock.product_id for stock in read(stores).stock if stock.available < 50)
    buyer.fill_cart(scarce, 50)
    assert buyer.buy().json()["details"][0]["reason"] == "SOLD_OUT"
    wait_until(lambda: is_idle(stores), 90, "all shipments have left and the audit is clean")
    account = read(stores).orders[shipped].account_id
    return Purchases(shipped, second, canceled, declined, product, account)


def is_idle(stores):
    """Whether no shipment is being packed and all stores agree."""
    shipments = read(stores).shipments.values()
    return run(stores, grace=0).is_clean and not any(shipment.state == "PACKING" for shipment in shipments)


def violations(stores):
    return {(violation.rule, violation.id) for violation in run(stores, grace=0).violations}


@pytest.fixture
def table(stores):
    """Returns a table of a service, to tamper with."""

    def of(service, name):
        return Table(stores.databases[service], name)

    return of


def test_the_audit_is_clean_after_sales_rejections_and_cancellations(purchases, stores):
    report = run(stores)
    assert report.is_clean, report.details()
    assert {row.rule for row in report.rows} >= {"completed: money", "stock", "emails", "dead letters"}
    assert max(map(len, report.table().splitlines())) <= 100


def test_a_wrong_total_is_found(purchases, stores, table):
    total = read(stores).orders[purchases.shipped].total_cents
    with table("orders", "orders").changed({"id": purchases.shipped}, total_cents=total + 1):
        assert violations(stores) == {("orders", purchases.shipped), ("completed: money", purchases.shipped)}
    assert violations(stores) == set()


def test_a_pending_order_without_a_step_left_is_found(purchases, stores, table):
    with table("orders", "orders").changed({"id": purchases.declined}, state="PENDING"):
        assert violations(stores) == {("deadlines", purchases.declined)}
    assert violations(stores) == set()


def test_an_order_without_an_account_is_found(purchases, stores, table):
    with table("accounts", "accounts").without({"id": purchases.account}):
        found = violations(stores)
    assert ("orders", purchases.shipped) in found
    assert {rule for rule, _ in found} == {"orders"}
    assert violations(stores) == set()


def test_a_second_capture_is_found(purchases, stores, table):
    # The bank does not capture an authorization twice; this is one that it declined.
    another = table("payments", "payments").value("bank_reference", {"order_id": purchases.declined})
    capture = {"reference": purchases.shipped, "operation": "capture"}
    with table("bank", "ledger").with_another(capture, authorization_id=another, position=10**9):
        assert violations(stores) == {("completed: money", purchases.shipped), ("ledger", "holds")}
    assert violations(stores) == set()


def test_a_missing_capture_is_found(purchases, stores, table):
    with table("bank", "ledger").without({"reference": purchases.second, "operation": "capture"}):
        assert violations(stores) == {
            ("completed: money", purchases.second),
            ("payments", purchases.second),
            ("ledger", "holds"),
        }
    assert violations(stores) == set()


def test_a_missing_refund_is_found(purchases, stores, table):
    with table("bank", "ledger").without({"reference": purchases.canceled, "operation": "refund"}):
        assert violations(stores) == {
            ("canceled: money", purchases.canceled),
            ("payments", purchases.canceled),
        }
    assert violations(stores) == set()


def test_a_ledger_entry_without_an_order_is_found(purchases, stores, table):
    with table("bank", "ledger").changed(
        {"reference": purchases.canceled, "operation": "refund"}, reference="stray"
    ):
        found = violations(stores)
    assert ("ledger", "stray") in found
    assert violations(stores) == set()


def test_a_payment_that_differs_from_the_ledger_is_found(purchases, stores, table):
    with table("payments", "payments").changed({"order_id": purchases.shipped}, state="AUTHORIZED"):
        assert violations(stores) == {("payments", purchases.shipped)}
    assert violations(stores) == set()


def test_a_missing_payment_is_found(purchases, stores, table):
    with table("payments", "payments").without({"order_id": purchases.shipped}):
        assert violations(stores) == {("payments", purchases.shipped)}
    assert violations(stores) == set()


def test_a_reservation_that_is_not_committed_is_found(purchases, stores, table):
    with ExitStack() as changes:
        moved = {"reference": purchases.shipped, "kind": "SOLD"}
        changes.enter_context(table("inventory", "movements").without(moved))
        changes.enter_context(
            table("inventory", "reservations").changed({"order_id": purchases.shipped}, state="HELD")
        )
        # The stock agrees: its units are held instead of sold.
        assert violations(stores) == {("completed: stock", purchases.shipped)}
    assert violations(stores) == set()


def test_units_that_were_not_returned_are_found(purchases, stores, table):
    moved = {"reference": purchases.canceled, "kind": "RETURNED"}
    with table("inventory", "movements").without(moved):
        assert violations(stores) == {("canceled: stock", purchases.canceled), ("stock", purchases.product)}
    assert violations(stores) == set()


def test_a_stock_that_is_off_by_one_is_found(purchases, stores, table):
    available = next(stock.available for stock in read(stores).stock if stock.product_id == purchases.product)
    with table("inventory", "stock").changed({"product_id": purchases.product}, available=available - 1):
        assert violations(stores) == {("stock", purchases.product)}
    assert violations(stores) == set()


def test_a_wrong_tracking_number_is_found(purchases, stores, table):
    with table("shipping", "shipments").changed({"order_id": purchases.shipped}, tracking_number="CM0"):
        assert violations(stores) == {("shipments", purchases.shipped)}
    assert violations(stores) == set()


def test_a_missing_shipment_is_found(purchases, stores, table):
    with table("shipping", "shipments").without({"order_id": purchases.shipped}):
        assert violations(stores) == {("shipments", purchases.shipped), ("emails", purchases.shipped)}
    assert violations(stores) == set()


def test_a_missing_email_is_found(purchases, stores, table):
    email = {"order_id": purchases.shipped, "kind": "confirmed"}
    message_id = next(
        e.message_id for e in read(stores).emails if (e.order_id, e.kind) == tuple(email.values())
    )
    with table("notifications", "emails").without(email):
        assert violations(stores) == {("emails", purchases.shipped), ("mail folder", message_id)}
    assert violations(stores) == set()


def test_a_second_email_is_found(purchases, stores, table):
    email = {"order_id": purchases.shipped, "kind": "confirmed"}
    with table("notifications", "emails").with_another(email, event_id="again"):
        assert violations(stores) == {("emails", purchases.shipped)}
    assert violations(stores) == set()


def test_an_unknown_file_in_the_mail_folder_is_found(purchases, stores):
    spam = stores.mail_folder / "new" / "spam"
    spam.touch()
    try:
        assert violations(stores) == {("mail folder", "spam")}
    finally:
        spam.unlink()
    assert violations(stores) == set()


def test_an_email_that_is_marked_as_read_is_no_violation(purchases, stores):
    unread = next((stores.mail_folder / "new").iterdir())
    seen = stores.mail_folder / "cur" / f"{unread.name}:2,S"
    unread.rename(seen)
    try:
        assert violations(stores) == set()
    finally:
        seen.rename(unread)


def test_an_order_that_is_counted_twice_is_found(purchases, stores, table):
    counted = read(stores).co_purchases.sold[purchases.product]
    with table("recommendations", "sold").changed({"product": purchases.product}, orders=counted + 1):
        assert violations(stores) == {("recommendations", purchases.product)}
    assert violations(stores) == set()


def test_an_order_that_is_not_counted_is_found(purchases, stores, table):
    event = {"event_id": f"{purchases.shipped}:order.confirm"}
    with table("recommendations", "inbox").without(event):
        assert violations(stores) == {
            ("recommendations", purchases.shipped),
            ("recommendations", purchases.product),
        }
    assert violations(stores) == set()


def test_a_dead_letter_is_found(purchases, stores):
    with dead_letter(stores, "dead.notifications"):
        assert violations(stores) == {("dead letters", "notifications")}
    assert violations(stores) == set()


@contextmanager
def dead_letter(stores, subject):
    """A dead-lettered message while the block runs."""

    async def with_jetstream(action):
        client = await nats.connect(stores.nats_url)
        try:
            return await action(client.jetstream())
        finally:
            await client.close()

    ack = asyncio.run(with_jetstream(lambda jetstream: jetstream.publish(subject, b"not an event")))
    try:
        yield
    finally:
        asyncio.run(with_jetstream(lambda jetstream: jetstream.delete_msg("DEAD", ack.seq)))


def audit_command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tools.audit", "--dir", str(folder), *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command_reports_that_nothing_is_lost(purchases, state_folder):
    completed = audit_command(state_folder)
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.splitlines()[0].split() == ["compared", "expected", "found"]
    assert completed.stdout.splitlines()[-1] == "Nothing is lost."


def test_the_command_names_violations_and_fails(purchases, stores, table, state_folder):
    with table("payments", "payments").without({"order_id": purchases.shipped}):
        completed = audit_command(state_folder, "--grace", "1")
    assert completed.returncode == 1
    assert f"  {purchases.shipped}: SHIPPED, but there is no payment" in completed.stdout.splitlines()
    assert "1 wrong" in completed.stdout
