from dataclasses import replace

import pytest

from tools.audit.tests.unit.fabricated import a_mail, a_market, findings


def with_mails(*more, less=()):
    books = a_market()
    mails = [mail for mail in books.mails if (mail.order_id, mail.kind) not in less]
    mails += more
    return replace(books, mails=tuple(mails), letters=tuple(mail.letter_id for mail in mails))


@pytest.mark.parametrize(
    ("order_id", "kind"), [("packed", "confirmed"), ("shipped", "shipped"), ("regretted", "cancelled")]
)
def test_a_mail_that_was_never_written_is_found(order_id, kind):
    assert findings(with_mails(less={(order_id, kind)})) == {("mails", order_id)}


@pytest.mark.parametrize(
    ("order_id", "kind"), [("packed", "confirmed"), ("shipped", "shipped"), ("regretted", "cancelled")]
)
def test_a_mail_that_was_written_twice_is_found(order_id, kind):
    again = a_mail(order_id, kind, event_id="again", letter_id="again".ljust(36, "."))
    assert findings(with_mails(again)) == {("mails", order_id)}


@pytest.mark.parametrize(
    ("order_id", "kind"),
    [("declined", "cancelled"), ("begun", "confirmed"), ("packed", "shipped"), ("packed", "cancelled")],
)
def test_a_mail_about_what_did_not_happen_is_found(order_id, kind):
    assert findings(with_mails(a_mail(order_id, kind))) == {("mails", order_id)}


def test_a_mail_of_no_order_is_found():
    assert findings(with_mails(a_mail("stray", "confirmed"))) == {("mails", "stray")}


def test_a_mail_that_waits_is_found():
    waiting = a_mail("packed", "confirmed", state="waiting")
    assert findings(with_mails(waiting, less={("packed", "confirmed")})) == {("mails", "packed")}


def test_a_mail_to_somebody_else_is_found():
    astray = a_mail("packed", "confirmed", recipient="eve@example.com")
    assert findings(with_mails(astray, less={("packed", "confirmed")})) == {("mails", "packed")}


def test_a_mail_that_nobody_can_be_sent_is_in_order():
    skipped = a_mail("packed", "confirmed", recipient="", state="skipped")
    books = with_mails(skipped, less={("packed", "confirmed")})
    assert findings(replace(books, letters=())) == set()


def test_a_file_that_is_no_mail_is_found():
    books = a_market()
    assert books.letters is not None
    assert findings(replace(books, letters=(*books.letters, "spam"))) == {("mail folder", "spam")}


def test_a_mail_that_is_in_the_folder_twice_is_found():
    books = a_market()
    assert books.letters is not None
    letter = books.mails[1].letter_id
    assert findings(replace(books, letters=(*books.letters, f"{letter}:2,S"))) == {("mail folder", letter)}


def test_a_mail_that_was_deleted_from_the_folder_is_in_order():
    assert findings(replace(a_market(), letters=())) == set()


def test_a_market_with_a_mail_server_has_no_folder():
    assert findings(replace(a_market(), letters=None)) == set()
