"""Requests made up from openapi.json, good and bad: no answer is a 5xx, and each is one that the document names."""

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
# The same requests each time, and few enough for the gateway's limits: a change is to blame for a failure.
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_names(case, stack_url, token):
    answer = case.call(base_url=stack_url, headers={"Authorization": token})
    case.validate_response(answer, checks=CHECKS)
