-- Since when an event waits: what is left here for long tells that the broker takes nothing.
ALTER TABLE outbox ADD COLUMN time timestamptz NOT NULL DEFAULT now();
