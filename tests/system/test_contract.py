"""Valid and invalid requests, generated from openapi.json: no response is a 5xx, and the document describes each."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[2] / "libs" / "contracts" / "openapi.json")


@pytest.fixture(scope="module")
def token(new_customer):
    return new_customer().session.headers["Authorization"]


@SCHEMA.parametrize()
# The same requests each time, so that a failure has a cause in the code, and few enough for the gateway's rate limits.
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_openapi_describes_every_response(case, stack_url, token):
    answer = case.call(base_url=stack_url, headers={"Authorization": token})
    case.validate_response(answer, checks=CHECKS)
