from dataclasses import replace

import pytest

from tools.audit.tests.unit.example import an_email, example_snapshot, violations


def with_emails(*more, less=()):
    snapshot = example_snapshot()
    emails = [email for email in snapshot.emails if (email.order_id, email.kind) not in less]
    emails += more
    return replace(snapshot, emails=tuple(emails), email_files=tuple(email.message_id for email in emails))


@pytest.mark.parametrize(
    ("order_id", "kind"), [("packed", "confirmed"), ("shipped", "shipped"), ("canceled", "cancelled")]
)
def test_a_missing_email_is_a_violation(order_id, kind):
    assert violations(with_emails(less={(order_id, kind)})) == {("emails", order_id)}


@pytest.mark.parametrize(
    ("order_id", "kind"), [("packed", "confirmed"), ("shipped", "shipped"), ("canceled", "cancelled")]
)
def test_a_second_email_of_the_same_kind_is_a_violation(order_id, kind):
    again = an_email(order_id, kind, event_id="again", message_id="again".ljust(36, "."))
    assert violations(with_emails(again)) == {("emails", order_id)}


@pytest.mark.parametrize(
    ("order_id", "kind"),
    [("declined", "cancelled"), ("pending", "confirmed"), ("packed", "shipped"), ("packed", "cancelled")],
)
def test_an_email_about_something_that_did_not_happen_is_a_violation(order_id, kind):
    assert violations(with_emails(an_email(order_id, kind))) == {("emails", order_id)}


def test_an_email_without_an_order_is_a_violation():
    assert violations(with_emails(an_email("stray", "confirmed"))) == {("emails", "stray")}


def test_an_email_that_is_not_sent_is_a_violation():
    waiting = an_email("packed", "confirmed", state="waiting")
    assert violations(with_emails(waiting, less={("packed", "confirmed")})) == {("emails", "packed")}


def test_an_email_with_the_wrong_recipient_is_a_violation():
    astray = an_email("packed", "confirmed", recipient="eve@example.com")
    assert violations(with_emails(astray, less={("packed", "confirmed")})) == {("emails", "packed")}


def test_a_skipped_email_without_a_recipient_is_no_violation():
    skipped = an_email("packed", "confirmed", recipient="", state="skipped")
    snapshot = with_emails(skipped, less={("packed", "confirmed")})
    assert violations(replace(snapshot, email_files=())) == set()


def test_a_file_that_is_not_an_email_is_a_violation():
    snapshot = example_snapshot()
    assert snapshot.email_files is not None
    assert violations(replace(snapshot, email_files=(*snapshot.email_files, "spam"))) == {
        ("mail folder", "spam")
    }


def test_an_email_that_is_in_the_folder_twice_is_a_violation():
    snapshot = example_snapshot()
    assert snapshot.email_files is not None
    message_id = snapshot.emails[1].message_id
    assert violations(replace(snapshot, email_files=(*snapshot.email_files, f"{message_id}:2,S"))) == {
        ("mail folder", message_id)
    }


def test_an_email_that_was_deleted_from_the_folder_is_no_violation():
    assert violations(replace(example_snapshot(), email_files=())) == set()


def test_without_a_mail_folder_no_file_is_expected():
    assert violations(replace(example_snapshot(), email_files=None)) == set()
