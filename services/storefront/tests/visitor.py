"""A visitor with a browser. The visitor also plays the gateway, which passes the account on in headers."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.storefront.tests.page import Element, parse


@dataclass
class Answer:
    """A page, and the path that it came from after all redirects."""

    status: int
    path: str
    page: Element
    response: TestResponse

    @property
    def text(self) -> str:
        """All text of the page."""
        return self.page.one("body").text


class Visitor:
    """Opens pages and submits the forms on them.

    `account` is the account that the gateway has found. `session_error` is the gateway's reason if it could not check
    the session.
    """

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.account = ""
        self.language = "en"
        self.session_error = ""

    def sign_in_as(self, account: str) -> "Visitor":
        """Sign in without the form."""
        self.account = account
        return self

    def get(self, path: str) -> Answer:
        """Open a page and follow redirects."""
        return self._follow(self._open(path))

    def submit(self, answer: Answer, action: str, **typed: str) -> Answer:
        """Fill in the form with this action, submit it, and follow redirects."""
        return self._follow(self.post(action, **{**form_values(answer.page, action), **typed}))

    def post(self, path: str, **form: str) -> TestResponse:
        """Send these form values only."""
        return self._open(path, method="POST", data=form)

    def _open(self, path: str, **options: Any) -> TestResponse:
        headers = {"Accept-Language": self.language}
        session = self.client.get_cookie("session")
        account = self.account or (session.value.removeprefix("token-of-") if session else "")
        if self.session_error:
            headers["x-account-error"] = self.session_error
        elif account:
            headers |= {"x-account-id": account, "x-account-email": account}
        return self.client.open(path, headers=headers, **options)

    def _follow(self, response: TestResponse) -> Answer:
        path = response.request.full_path.rstrip("?")
        if response.status_code == 303:
            return self.get(response.headers["Location"])
        return Answer(response.status_code, path, parse(response.text), response)


def form_values(page: Element, action: str) -> dict[str, str]:
    """Return the values that the form with this action sends if nothing is changed."""
    form = page.one("form", action=action)
    values = {
        field["name"]: field.attributes.get("value", "")
        for field in form.all("input")
        if field.attributes.get("type") != "radio" or "checked" in field.attributes
    }
    for select in form.all("select"):
        chosen = [option for option in select.all("option") if "selected" in option.attributes]
        values[select["name"]] = chosen[0].attributes.get("value", "") if chosen else ""
    return values
