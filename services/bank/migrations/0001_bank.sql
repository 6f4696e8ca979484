-- What is kept of a card that is not one of the well-known test cards: enough to recognise it on a receipt.
CREATE TABLE tokens (
    token       text PRIMARY KEY,
    brand       text NOT NULL,
    last4       text NOT NULL CHECK (last4 ~ '^[0-9]{4}$'),
    create_time timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE authorizations (
    id             text PRIMARY KEY,
    state          text NOT NULL CHECK (state IN ('AUTHORIZED', 'DECLINED', 'CAPTURED', 'VOIDED', 'REFUNDED')),
    amount_cents   bigint NOT NULL CHECK (amount_cents > 0),
    currency       text NOT NULL,
    token          text NOT NULL,
    reference      text NOT NULL,
    decline_reason text NOT NULL DEFAULT '',
    create_time    timestamptz NOT NULL,
    CHECK ((state = 'DECLINED') = (decline_reason <> ''))
);

-- One row for each idempotency key: what was asked, and the state that was answered.
CREATE TABLE requests (
    key              text PRIMARY KEY,
    fingerprint      text NOT NULL,
    authorization_id text NOT NULL REFERENCES authorizations (id),
    answered         text NOT NULL
);

-- Each entry takes an amount from one account and gives it to another, so that all balances together are always zero.
CREATE TABLE ledger (
    position         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time             timestamptz NOT NULL DEFAULT now(),
    authorization_id text NOT NULL REFERENCES authorizations (id),
    reference        text NOT NULL,
    operation        text NOT NULL CHECK (operation IN ('authorize', 'capture', 'void', 'refund')),
    debit            text NOT NULL CHECK (debit IN ('cardholder', 'holds', 'merchant')),
    credit           text NOT NULL CHECK (credit IN ('cardholder', 'holds', 'merchant') AND credit <> debit),
    amount_cents     bigint NOT NULL CHECK (amount_cents > 0),
    -- An authorization is held once and captured, voided or refunded at most once.
    UNIQUE (authorization_id, operation)
);

CREATE INDEX ledger_by_reference ON ledger (reference, position);
