"""The table of payments."""

from chassis.database import Database, Row
from payments.domain.payments import Payment, State, Wanted
from payments.domain.steps import Outcome
from payments.metrics import CENTS, PAYMENTS


class Store:
    """Payments in PostgreSQL; each method is one statement, committed when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, order_id: str) -> Payment | None:
        """The payment of the order."""
        return self._one("SELECT * FROM payments WHERE order_id = %s", order_id)

    def add(self, wanted: Wanted) -> Payment | None:
        """A new payment that is PENDING; None where the order has one."""
        return self._one(
            "INSERT INTO payments (order_id, state, amount_cents, token) VALUES (%s, 'PENDING', %s, %s)"
            " ON CONFLICT (order_id) DO NOTHING RETURNING *",
            wanted.order_id,
            wanted.amount_cents,
            wanted.token,
        )

    def add_voided(self, order_id: str) -> Payment | None:
        """A payment that is VOIDED from the start; None where the order has one."""
        return self._one(
            "INSERT INTO payments (order_id, state) VALUES (%s, 'VOIDED')"
            " ON CONFLICT (order_id) DO NOTHING RETURNING *",
            order_id,
        )

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        """Records the outcome, unless the payment has changed meanwhile; returns it as it stands."""
        changed = self._one(
            "UPDATE payments SET state = %s, bank_reference = %s, decline_reason = %s"
            " WHERE order_id = %s AND state = %s RETURNING *",
            outcome.state,
            outcome.bank_reference,
            outcome.decline_reason,
            payment.order_id,
            payment.state,
        )
        if changed:
            PAYMENTS.labels(outcome.state.lower()).inc()
            CENTS.labels(outcome.state.lower()).inc(changed.amount_cents or 0)
            return changed
        found = self.find(payment.order_id)
        assert found is not None, "payments are never deleted"
        return found

    def _one(self, query: str, *values: str | int) -> Payment | None:
        with self._database.connection() as connection:
            row = connection.execute(query, values).fetchone()
        return _payment(row) if row else None


def _payment(row: Row) -> Payment:
    return Payment(**{**row, "state": State(row["state"])})
