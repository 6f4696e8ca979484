-- In how many orders a product was bought.
CREATE TABLE sold (
    product text PRIMARY KEY,
    orders  integer NOT NULL CHECK (orders > 0)
);
CREATE INDEX sold_best_first ON sold (orders DESC, product);

-- In how many orders two products were bought together; each pair is there both ways round.
CREATE TABLE pairs (
    product_a text NOT NULL,
    product_b text NOT NULL,
    orders    integer NOT NULL CHECK (orders > 0),
    PRIMARY KEY (product_a, product_b)
);
CREATE INDEX pairs_most_frequent_first ON pairs (product_a, orders DESC, product_b);

CREATE TABLE inbox (
    event_id text PRIMARY KEY,
    time     timestamptz NOT NULL DEFAULT now()
);
