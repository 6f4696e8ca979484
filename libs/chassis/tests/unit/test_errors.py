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
    """An exception of a domain."""

    metadata: dict[str, str]


class AlmostSoldOut(SoldOut):
    """A subclass that is not in the map."""


class HTTPBroken(Exception):
    """A name with several capitals in a row."""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(SoldOut, "SOLD_OUT"), (AlmostSoldOut, "ALMOST_SOLD_OUT"), (HTTPBroken, "HTTPBROKEN")],
)
def test_the_reason_is_derived_from_the_name_of_the_exception(kind, reason):
    assert reason_of(kind) == reason


def test_a_domain_exception_becomes_the_mapped_error():
    error = translate(SoldOut("All gone."), {SoldOut: FailedPrecondition})
    assert isinstance(error, FailedPrecondition)
    assert (error.reason, error.message, error.metadata) == ("SOLD_OUT", "All gone.", {})


def test_the_metadata_of_a_domain_exception_is_kept():
    sold_out = SoldOut("All gone.")
    sold_out.metadata = {"product": "tea"}
    error = translate(sold_out, {SoldOut: FailedPrecondition})
    assert error is not None
    assert error.metadata == {"product": "tea"}


def test_a_subclass_has_the_reason_of_the_mapped_exception():
    error = translate(AlmostSoldOut("Nearly."), {SoldOut: FailedPrecondition})
    assert error is not None
    assert error.reason == "SOLD_OUT"


def test_an_application_error_is_unchanged():
    error = Conflict("IDEMPOTENCY_KEY_REUSED", "Another key, please.")
    assert translate(error, {}) is error


def test_an_exception_that_is_not_mapped_is_a_bug():
    assert translate(KeyError("x"), {SoldOut: FailedPrecondition}) is None


def test_every_error_has_a_different_code():
    assert len({kind.code.number for kind in TREE}) == len(TREE)


def test_an_error_in_json_is_a_google_rpc_status_with_a_reason():
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


def test_the_text_of_an_error_is_its_message():
    assert str(Invalid("QUERY_TOO_LONG", "Shorter, please.")) == "Shorter, please."
