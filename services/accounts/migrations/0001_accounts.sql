CREATE TABLE accounts (
    id            text PRIMARY KEY,
    -- Normalised (see domain/accounts.py), so that UNIQUE means what people expect.
    email         text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    create_time   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE signing_keys (
    id                    text PRIMARY KEY,
    private_pem           text NOT NULL,
    public_jwk            jsonb NOT NULL,
    signs_from            timestamptz NOT NULL,
    -- The longest lifetime of a token that this key has signed.
    longest_token_seconds bigint NOT NULL DEFAULT 0 CHECK (longest_token_seconds >= 0)
);
