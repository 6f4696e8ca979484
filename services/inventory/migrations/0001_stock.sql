-- What can be bought now. Room on each page keeps updates in place: a hot product is written over and over.
CREATE TABLE stock (
    product_id text PRIMARY KEY,
    available  integer NOT NULL CHECK (available >= 0)
) WITH (fillfactor = 50);

CREATE TABLE reservations (
    order_id    text PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('HELD', 'COMMITTED', 'RELEASED', 'EXPIRED')),
    expire_time timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX reservations_to_expire ON reservations (expire_time) WHERE state = 'HELD';

CREATE TABLE reservation_lines (
    order_id   text NOT NULL REFERENCES reservations,
    product_id text NOT NULL REFERENCES stock,
    quantity   integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, product_id)
);

-- Every piece that came or went: delivered to us, sold to a buyer, returned by one. The reference is the
-- delivery or the order; the key lets neither count twice.
CREATE TABLE movements (
    reference  text NOT NULL,
    product_id text NOT NULL REFERENCES stock,
    kind       text NOT NULL CHECK (kind IN ('DELIVERED', 'SOLD', 'RETURNED')),
    quantity   integer NOT NULL CHECK (quantity > 0),
    time       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, product_id, kind)
);

-- For the audit: available + held = delivered - sold + returned, for every product and at every instant.
CREATE VIEW stock_audit AS
SELECT product_id,
       available,
       coalesce(held, 0)      AS held,
       coalesce(delivered, 0) AS delivered,
       coalesce(sold, 0)      AS sold,
       coalesce(returned, 0)  AS returned
FROM stock
LEFT JOIN (
    SELECT product_id,
           sum(quantity) FILTER (WHERE kind = 'DELIVERED') AS delivered,
           sum(quantity) FILTER (WHERE kind = 'SOLD')      AS sold,
           sum(quantity) FILTER (WHERE kind = 'RETURNED')  AS returned
    FROM movements GROUP BY product_id
) AS moved USING (product_id)
LEFT JOIN (
    SELECT product_id, sum(quantity) AS held
    FROM reservation_lines JOIN reservations USING (order_id) WHERE state = 'HELD' GROUP BY product_id
) AS kept USING (product_id);
