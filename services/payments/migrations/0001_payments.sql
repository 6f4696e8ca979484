CREATE TABLE payments (
    order_id       text PRIMARY KEY,
    state          text NOT NULL CHECK (
        state IN ('PENDING', 'AUTHORIZED', 'CAPTURED', 'DECLINED', 'VOIDED', 'REFUNDED')
    ),
    -- NULL where the order was cancelled before anybody asked for a payment.
    amount_cents   bigint CHECK (amount_cents > 0),
    token          text NOT NULL DEFAULT '',
    bank_reference text NOT NULL DEFAULT '',
    decline_reason text NOT NULL DEFAULT '',
    create_time    timestamptz NOT NULL DEFAULT now(),
    CHECK (amount_cents IS NOT NULL OR state = 'VOIDED'),
    CHECK (bank_reference <> '' OR state IN ('PENDING', 'DECLINED') OR amount_cents IS NULL),
    CHECK ((state = 'DECLINED') = (decline_reason <> ''))
);
