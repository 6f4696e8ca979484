import pytest

from notifications.config import SmtpUrl
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def port(free_port):
    return free_port()


@pytest.fixture(scope="module")
def client(run_notifications, port):
    with run_notifications(smtp_url=SmtpUrl(f"smtp://127.0.0.1:{port}")) as client:
        yield client


def test_an_email_is_sent_to_the_mail_server_once(client, mail_server, inbox, port, buyer):
    with mail_server(port):
        client.wait_until_state(client.publish_confirmed(buyer), "sent")
    (mail,) = inbox.sent_to(buyer)
    assert mail["Subject"] == "Thank you for your order order-1"


def test_emails_wait_for_a_mail_server_that_is_down_and_arrive_once_each(
    client, mail_server, inbox, port, buyer
):
    events = [client.publish_confirmed(buyer) for _ in range(3)]
    wait_until(lambda: all(client.state_of(event) == "waiting" for event in events))
    wait_until(lambda: any(client.tries(event) for event in events))
    with mail_server(port):
        client.make_due()
        for event in events:
            client.wait_until_state(event, "sent")
    assert len(inbox.sent_to(buyer)) == 3
    assert len({mail["Message-ID"] for mail in inbox.sent_to(buyer)}) == 3


def test_an_email_whose_response_was_lost_is_sent_again_with_the_same_id(
    client, mail_server, inbox, port, buyer
):
    inbox.responses_to_emails = [inbox.LOST_RESPONSE]
    with mail_server(port):
        client.wait_until_state(client.publish_confirmed(buyer), "sent")
    first, second = inbox.sent_to(buyer)
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("answers", ["responses_to_recipients", "responses_to_emails"])
def test_a_busy_mail_server_is_tried_again(client, mail_server, inbox, port, buyer, answers):
    setattr(inbox, answers, ["451 try later"])
    with mail_server(port):
        event = client.publish_confirmed(buyer)
        client.wait_until_state(event, "sent")
    assert client.tries(event) == 2
    assert len(inbox.sent_to(buyer)) == 1


@pytest.mark.parametrize("answers", ["responses_to_recipients", "responses_to_emails"])
def test_an_email_that_is_permanently_rejected_is_not_tried_again(
    client, mail_server, inbox, port, buyer, answers
):
    setattr(inbox, answers, ["550 no such person"])
    with mail_server(port):
        event = client.publish_confirmed(buyer)
        client.wait_until_state(event, "rejected")
    assert client.tries(event) == 1
    assert inbox.sent_to(buyer) == []
