CREATE TABLE inbox (event_id text PRIMARY KEY, time timestamptz NOT NULL DEFAULT now());

CREATE TABLE mails (
    event_id      text PRIMARY KEY,
    kind          text NOT NULL,
    order_id      text NOT NULL,
    recipient     text NOT NULL,
    state         text NOT NULL CHECK (state IN ('waiting', 'sent', 'skipped', 'refused')),
    -- The whole mail, only for as long as it waits: what is sent need not be kept.
    message       bytea CHECK ((state = 'waiting') = (message IS NOT NULL)),
    tries         integer NOT NULL DEFAULT 0,
    next_try_time timestamptz NOT NULL DEFAULT now(),
    create_time   timestamptz NOT NULL DEFAULT now(),
    end_time      timestamptz
);

CREATE INDEX mails_waiting ON mails (next_try_time) WHERE state = 'waiting';
CREATE INDEX mails_by_order ON mails (order_id);
