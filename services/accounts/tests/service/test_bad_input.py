import json

import pytest

GOOD = {"email": "good@example.org", "password": "lantern light", "name": "Good"}
ACCOUNTS, SESSIONS = "/api/v1/accounts", "/api/v1/sessions"


def error_of(response):
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
def test_an_invalid_sign_up_is_rejected_with_a_reason(client, field, value, reason):
    assert error_of(client.post(ACCOUNTS, json={**GOOD, field: value})) == (400, reason)


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
def test_a_body_that_is_not_the_expected_object_is_rejected(client, path, body, reason):
    assert error_of(client.post(path, data=body, content_type="application/json")) == (400, reason)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", ""])
@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_a_body_that_is_not_sent_as_json_is_rejected(client, path, content_type):
    response = client.post(path, data=json.dumps(GOOD), content_type=content_type)
    assert error_of(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_a_body_that_is_too_large_is_rejected(client, path):
    response = client.post(path, json={**GOOD, "name": "x" * 100_000})
    assert error_of(response) == (413, "REQUEST_ENTITY_TOO_LARGE")


@pytest.mark.parametrize("path", [ACCOUNTS, SESSIONS])
def test_a_get_request_is_rejected(client, path):
    assert error_of(client.get(path)) == (405, "METHOD_NOT_ALLOWED")


def test_an_unknown_path_is_not_found(client):
    assert error_of(client.get("/api/v1/accounts/1")) == (404, "NOT_FOUND")
