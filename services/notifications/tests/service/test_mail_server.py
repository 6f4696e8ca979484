import pytest

from notifications.config import SmtpUrl
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def port(free_port):
    return free_port()


@pytest.fixture(scope="module")
def market(run_notifications, port):
    with run_notifications(smtp_url=SmtpUrl(f"smtp://127.0.0.1:{port}")) as neighbour:
        yield neighbour


def test_a_mail_goes_to_the_mail_server_once(market, mail_server, inbox, port, buyer):
    with mail_server(port):
        market.waits_until(market.confirms(buyer), "sent")
    (mail,) = inbox.sent_to(buyer)
    assert mail["Subject"] == "Thank you for your order order-1"


def test_mails_wait_for_a_mail_server_that_is_down_and_then_arrive_once_each(
    market, mail_server, inbox, port, buyer
):
    events = [market.confirms(buyer) for _ in range(3)]
    wait_until(lambda: all(market.state_of(event) == "waiting" for event in events))
    wait_until(lambda: any(market.has_tried(event) for event in events))
    with mail_server(port):
        market.lets_the_pause_pass()
        for event in events:
            market.waits_until(event, "sent")
    assert len(inbox.sent_to(buyer)) == 3
    assert len({mail["Message-ID"] for mail in inbox.sent_to(buyer)}) == 3


def test_a_mail_whose_answer_was_lost_is_sent_again_under_the_same_id(
    market, mail_server, inbox, port, buyer
):
    inbox.answers_to_mails = [inbox.LOST_ANSWER]
    with mail_server(port):
        market.waits_until(market.confirms(buyer), "sent")
    first, second = inbox.sent_to(buyer)
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("answers", ["answers_to_recipients", "answers_to_mails"])
def test_a_mail_server_that_is_busy_is_asked_again(market, mail_server, inbox, port, buyer, answers):
    setattr(inbox, answers, ["451 try later"])
    with mail_server(port):
        event = market.confirms(buyer)
        market.waits_until(event, "sent")
    assert market.has_tried(event) == 2
    assert len(inbox.sent_to(buyer)) == 1


@pytest.mark.parametrize("answers", ["answers_to_recipients", "answers_to_mails"])
def test_a_mail_that_is_refused_for_good_is_not_tried_again(market, mail_server, inbox, port, buyer, answers):
    setattr(inbox, answers, ["550 no such person"])
    with mail_server(port):
        event = market.confirms(buyer)
        market.waits_until(event, "rejected")
    assert market.has_tried(event) == 1
    assert inbox.sent_to(buyer) == []
