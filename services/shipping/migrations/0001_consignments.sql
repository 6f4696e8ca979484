-- As many as fit into the eight digits of a tracking number.
CREATE SEQUENCE parcel_numbers MAXVALUE 99999999;

CREATE TABLE consignments (
    order_id        text PRIMARY KEY,
    state           text NOT NULL CHECK (state IN ('PACKING', 'CONSIGNED', 'WITHHELD')),
    -- Empty where an order was withheld before it was seen confirmed.
    account_id      text NOT NULL DEFAULT '',
    email           text NOT NULL DEFAULT '',
    -- The trace of the order, so that handing over its parcel belongs to it.
    traceparent     text NOT NULL DEFAULT '',
    pack_until      timestamptz NOT NULL DEFAULT now(),
    tracking_number text UNIQUE,
    consign_time    timestamptz,
    CHECK ((state = 'CONSIGNED') = (tracking_number IS NOT NULL AND consign_time IS NOT NULL))
);

CREATE INDEX consignments_packing ON consignments (pack_until) WHERE state = 'PACKING';

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
