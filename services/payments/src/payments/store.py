"""The table of payments."""

from chassis.postgres import Database, Row
from payments.domain.payments import Payment, PaymentRequest, State
from payments.domain.steps import Outcome
from payments.metrics import CENTS, PAYMENTS


class Store:
    """Payments in PostgreSQL. Each method is one statement, committed when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, order_id: str) -> Payment | None:
        """Return the payment of the order, or None if it has none."""
        return self._one("SELECT * FROM payments WHERE order_id = %s", order_id)

    def add(self, request: PaymentRequest) -> Payment | None:
        """Add a PENDING payment and return it, or None if the order already has one."""
        return self._one(
            "INSERT INTO payments (order_id, state, amount_cents, token) VALUES (%s, 'PENDING', %s, %s)"
            " ON CONFLICT (order_id) DO NOTHING RETURNING *",
            request.order_id,
            request.amount_cents,
            request.token,
        )

    def add_voided(self, order_id: str) -> Payment | None:
        """Add a VOIDED payment and return it, or None if the order already has one."""
        return self._one(
            "INSERT INTO payments (order_id, state) VALUES (%s, 'VOIDED')"
            " ON CONFLICT (order_id) DO NOTHING RETURNING *",
            order_id,
        )

    def change(self, payment: Payment, outcome: Outcome) -> Payment:
        """Record the outcome unless the payment has left the state of `payment`. Return the current record."""
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
