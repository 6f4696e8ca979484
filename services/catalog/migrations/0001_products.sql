CREATE TABLE categories (
    slug     text PRIMARY KEY,
    name     text NOT NULL,
    tagline  text NOT NULL,
    position integer NOT NULL
);

CREATE TABLE products (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    description text NOT NULL,
    category    text NOT NULL REFERENCES categories (slug),
    price_cents bigint NOT NULL CHECK (price_cents > 0),
    image       text NOT NULL,
    -- Words of the name weigh more than words of the description.
    search      tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', description), 'B')
    ) STORED
);

CREATE INDEX products_by_category ON products (category, id);
CREATE INDEX products_by_word ON products USING gin (search);
