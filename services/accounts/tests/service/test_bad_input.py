import json

import pytest

GOOD = {"email": "good@example.org", "password": "lantern light", "name": "Good"}
ACCOUNTS, SESSIONS = "/api/v1/accounts", "/api/v1/sessions"


def refusal(response):
    return response.status_code, response.json["details"][0]["reason"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("email", "no address", "EMAIL_INVALID"),
        ("email", "x" * 60000, "EMAIL_INVALID"),
        ("password", "short", "PASSWORD_TOO_SHORT"),
        ("password", "x" * 129, "PASSWORD_TOO_LONG"),
        ("name", "", "NAME_INVALID"),
        ("name", "Ming\0", "NAME_INVALID"),
        ("name", "\ud800", "NAME_INVALID"),
        ("email", 7, "FIELD_INVALID"),
        ("password", None, "FIELD_INVALID"),
        ("name", {"first": "Ming"}, "FIELD_INVALID"),
        ("role", "admin", "FIELD_UNKNOWN"),
    ],
)
def test_a_sign_up_that_makes_no_sense_is_refused_with_a_reason(client, field, value, reason):
    assert refusal(client.post(ACCOUNTS, json={**GOOD, field: value})) == (400, reason)


@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "JSON_INVALID"),
        (b"{", "JSON_INVALID"),
        (b"\xff\xfe", "JSON_INVALID"),
        (b"[" * 60000, "JSON_INVALID"),
        (b"9" * 60000, "JSON_INVALID"),
        (b"null", "JSON_INVALID"),
        (b"[]", "JSON_INVALID"),
        (b'"email"', "JSON_INVALID"),
        (b"{}", "FIELD_MISSING"),
        (b'{"email": "ming@example.org"}', "FIELD_MISSING"),
        (b'{"\\ud800": 1}', "FIELD_UNKNOWN"),
    ],
)
def test_a_body_that_is_not_the_object_asked_for_is_refused(client, path, body, reason):
    assert refusal(client.post(path, data=body, content_type="application/json")) == (400, reason)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_a_body_that_is_not_sent_as_json_is_refused(client, path, content_type):
    response = client.post(path, data=json.dumps(GOOD), content_type=content_type)
    assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_a_huge_body_is_refused(client, path):
    response = client.post(path, json={**GOOD, "name": "x" * 100_000})
    assert refusal(response) == (413, "REQUEST_ENTITY_TOO_LARGE")


@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_reading_what_can_only_be_sent_is_refused(client, path):
    assert refusal(client.get(path)) == (405, "METHOD_NOT_ALLOWED")


def test_an_unknown_address_is_not_found(client):
    assert refusal(client.get("/api/v1/accounts/1")) == (404, "NOT_FOUND")
