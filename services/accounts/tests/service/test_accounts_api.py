import json
from datetime import datetime

import jwt
import pytest
from argon2 import PasswordHasher

PASSWORD = "lantern light"


def sign_up(client, email, name="Ming Li", password=PASSWORD):
    return client.post("/api/v1/accounts", json={"email": email, "password": password, "name": name})


def sign_in(client, email, password=PASSWORD, **options):
    return client.post("/api/v1/sessions", json={"email": email, "password": password}, **options)


def reason(response):
    return response.json["details"][0]["reason"]


def validated(client, token):
    """Return the claims of a token, validated like at the gateway."""
    key_id = jwt.get_unverified_header(token)["kid"]
    keys = {key["kid"]: jwt.PyJWK(key) for key in client.get("/.well-known/jwks.json").json["keys"]}
    return jwt.decode(token, keys[key_id], ["ES256"], audience="night-market", issuer="night-market")


def test_a_new_account_has_a_normalized_address(client):
    response = sign_up(client, "Ming@Example.org")
    account = response.json["account"]
    assert response.status_code == 201
    assert account == {"id": account["id"], "email": "ming@example.org", "name": "Ming Li"}


def test_an_address_that_is_taken_is_rejected_in_any_case(client):
    sign_up(client, "taken@example.org")
    response = sign_up(client, "TAKEN@example.org")
    assert (response.status_code, reason(response)) == (409, "EMAIL_TAKEN")


def test_a_token_is_valid_for_a_day_and_can_be_validated_with_the_published_keys(client):
    account = sign_up(client, "token@example.org").json["account"]
    response = sign_in(client, "token@example.org")
    claims = validated(client, response.json["token"])
    assert response.status_code == 200
    assert (claims["sub"], claims["email"], claims["name"]) == (account["id"], account["email"], "Ming Li")
    assert claims["exp"] - claims["iat"] == 24 * 3600


def test_the_response_has_the_expiry_of_the_token(client):
    sign_up(client, "expiry@example.org")
    session = sign_in(client, "expiry@example.org").json
    claims = validated(client, session["token"])
    assert datetime.fromisoformat(session["expiresAt"]).timestamp() == claims["exp"]


def test_the_token_is_also_a_cookie_that_scripts_and_other_sites_cannot_use(client):
    sign_up(client, "cookie@example.org")
    response = sign_in(client, "cookie@example.org")
    cookie, *attributes = response.headers["Set-Cookie"].split("; ")
    assert cookie == f"session={response.json['token']}"
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"} <= set(attributes)
    assert "Secure" not in attributes
    assert response.headers["Cache-Control"] == "no-store"


def test_the_cookie_is_https_only_if_the_request_was_https(client):
    sign_up(client, "secure@example.org")
    response = sign_in(client, "secure@example.org", headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in response.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("member@example.org", "lantern night"),
        ("unknown@example.org", PASSWORD),
        ("not an address\0", PASSWORD),
        ("member@example.org", "x" * 5000),
        ("member@example.org", "\ud800" * 8),
        ("member@example.org", ""),
    ],
)
def test_wrong_credentials_get_the_same_response_whatever_is_wrong(client, email, password):
    sign_up(client, "member@example.org")
    response = sign_in(client, email, password)
    assert (response.status_code, reason(response)) == (401, "CREDENTIALS_WRONG")
    assert response.json["message"] == "The email address or the password is wrong."
    assert "Set-Cookie" not in response.headers


def test_a_password_may_have_any_characters(client):
    password = "\0 密码 \ud800 cafe\u0301"
    assert sign_up(client, "characters@example.org", password=password).status_code == 201
    assert sign_in(client, "characters@example.org", password).status_code == 200


def test_signing_in_replaces_a_hash_with_old_parameters(client, tables):
    sign_up(client, "older@example.org")
    older = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    tables.execute("UPDATE accounts SET password_hash = %s WHERE email = 'older@example.org'", (older,))
    assert sign_in(client, "older@example.org").status_code == 200
    (renewed,) = tables.execute(
        "SELECT password_hash FROM accounts WHERE email = 'older@example.org'"
    ).fetchone()
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in(client, "older@example.org").status_code == 200


def test_passwords_are_stored_as_hashes_only(client, tables):
    sign_up(client, "hashed@example.org")
    (row,) = tables.execute(
        "SELECT accounts::text FROM accounts WHERE email = 'hashed@example.org'"
    ).fetchone()
    assert "$argon2id$" in row
    assert PASSWORD not in row


def test_neither_passwords_nor_tokens_are_logged(client, caplog):
    sign_up(client, "quiet@example.org")
    token = sign_in(client, "quiet@example.org").json["token"]
    sign_in(client, "quiet@example.org", "very wrong password")
    client.post("/api/v1/sessions", json={"email": "quiet@example.org", "password": ["secret in a list"]})
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert caplog.records
    assert not any(
        secret in logged for secret in (PASSWORD, token, "very wrong password", "secret in a list")
    )


def test_the_published_keys_have_no_private_parts_and_are_cacheable(client):
    response = client.get("/.well-known/jwks.json")
    (key,) = response.json["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    assert "d" not in key
    assert response.headers["Cache-Control"] == "public, max-age=15"
