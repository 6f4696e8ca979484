CREATE TABLE orders (
    id                text PRIMARY KEY,
    account_id        text NOT NULL,
    email             text NOT NULL,
    idempotency_key   text NOT NULL,
    request_hash      text NOT NULL,
    state             text NOT NULL CHECK (state IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'CANCELLED')),
    address           jsonb NOT NULL,
    lines             jsonb NOT NULL,
    shipping_cents    bigint NOT NULL CHECK (shipping_cents >= 0),
    total_cents       bigint NOT NULL CHECK (total_cents > 0),
    payment_token     text NOT NULL,
    tracking_number   text NOT NULL DEFAULT '',
    -- Why it was cancelled: {code, reason, message, metadata}; the same request again gets the same answer.
    refusal           jsonb,
    create_time       timestamptz NOT NULL DEFAULT now(),
    traceparent       text NOT NULL,
    -- The step that is tried next, or being tried now; NULL when there is nothing left to do.
    next_step         text,
    attempts          integer NOT NULL DEFAULT 0,
    next_attempt_time timestamptz NOT NULL DEFAULT now(),
    -- Who drives the order, and until when nobody else may.
    lease             text NOT NULL,
    lease_end_time    timestamptz NOT NULL,
    UNIQUE (account_id, idempotency_key)
);

CREATE INDEX orders_of_account ON orders (account_id, create_time DESC, id DESC);
CREATE INDEX orders_unfinished ON orders (next_attempt_time) WHERE next_step IS NOT NULL;

CREATE TABLE journey (
    order_id text NOT NULL REFERENCES orders (id),
    position bigint GENERATED ALWAYS AS IDENTITY,
    step     text NOT NULL,
    service  text NOT NULL,
    outcome  text NOT NULL CHECK (outcome IN ('started', 'done', 'refused', 'unknown')),
    detail   text NOT NULL DEFAULT '',
    time     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (order_id, step)
);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text NOT NULL UNIQUE,
    subject  text NOT NULL,
    payload  bytea NOT NULL
);

CREATE TABLE inbox (
    event_id text PRIMARY KEY,
    time     timestamptz NOT NULL DEFAULT now()
);
