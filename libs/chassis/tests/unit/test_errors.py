import pytest

from chassis.errors import (
    TREE,
    Conflict,
    FailedPrecondition,
    Invalid,
    NotFound,
    as_status,
    reason_of,
    translate,
)


class SoldOut(Exception):
    """A domain's own exception."""

    metadata: dict[str, str]


class AlmostSoldOut(SoldOut):
    """A kind of it."""


class HTTPBroken(Exception):
    """A name with capitals in a row."""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(SoldOut, "SOLD_OUT"), (AlmostSoldOut, "ALMOST_SOLD_OUT"), (HTTPBroken, "HTTPBROKEN")],
)
def test_the_name_of_an_exception_is_its_reason(kind, reason):
    assert reason_of(kind) == reason


def test_a_domain_s_exception_becomes_the_error_of_the_table():
    error = translate(SoldOut("All gone."), {SoldOut: FailedPrecondition})
    assert isinstance(error, FailedPrecondition)
    assert (error.reason, error.message, error.metadata) == ("SOLD_OUT", "All gone.", {})


def test_details_of_a_domain_s_exception_are_kept():
    sold_out = SoldOut("All gone.")
    sold_out.metadata = {"product": "tea"}
    error = translate(sold_out, {SoldOut: FailedPrecondition})
    assert error is not None
    assert error.metadata == {"product": "tea"}


def test_a_kind_of_exception_has_the_reason_of_the_one_in_the_table():
    error = translate(AlmostSoldOut("Nearly."), {SoldOut: FailedPrecondition})
    assert error is not None
    assert error.reason == "SOLD_OUT"


def test_an_error_of_the_tree_stays_what_it_is():
    error = Conflict("IDEMPOTENCY_KEY_REUSED", "Another key, please.")
    assert translate(error, {}) is error


def test_an_exception_that_is_in_no_table_is_a_bug():
    assert translate(KeyError("x"), {SoldOut: FailedPrecondition}) is None


def test_every_error_has_a_code_of_its_own():
    assert len({kind.code.number for kind in TREE}) == len(TREE)


def test_an_error_in_json_is_a_google_rpc_status_with_its_reason():
    assert as_status(NotFound("PRODUCT_NOT_FOUND", "No such product.", {"product": "tea"})) == {
        "code": 5,
        "message": "No such product.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "PRODUCT_NOT_FOUND",
                "domain": "night-market",
                "metadata": {"product": "tea"},
            }
        ],
    }


def test_an_error_reads_as_its_message():
    assert str(Invalid("QUERY_TOO_LONG", "Shorter, please.")) == "Shorter, please."
