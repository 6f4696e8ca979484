import pytest
from aiosmtpd.smtp import AuthResult

from notifications.config import SmtpUrl


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"market", b"p@ss"))


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_mail_server_with_authentication_gets_user_and_password(
    run_notifications, mail_server, inbox, free_port, buyer
):
    port = free_port()
    with (
        mail_server(port, authenticator=authenticate, auth_required=True, auth_require_tls=False),
        run_notifications(smtp_url=SmtpUrl(f"smtp://market:p%40ss@127.0.0.1:{port}")) as client,
    ):
        client.wait_until_state(client.publish_confirmed(buyer), "sent")
    assert len(inbox.sent_to(buyer)) == 1
