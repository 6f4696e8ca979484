"""Somebody with a browser, and the gateway between: who has signed in is told to the shop in headers."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.storefront.tests.page import Element, parse


@dataclass
class Answer:
    """What came back."""

    status: int
    place: str
    page: Element
    response: TestResponse

    @property
    def text(self) -> str:
        """All that can be read on the page."""
        return self.page.one("body").text


class Visitor:
    """Looks at pages and sends the forms that are on them."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.account = ""
        self.language = "en"
        self.trouble = ""

    def sign_in_as(self, account: str) -> "Visitor":
        """Signs in without the forms."""
        self.account = account
        return self

    def get(self, path: str) -> Answer:
        """Looks at a page; goes where it is sent."""
        return self._followed(self._open(path))

    def send(self, answer: Answer, action: str, **typed: str) -> Answer:
        """Fills in the form of this action on a page, sends it, and goes where it is sent."""
        return self._followed(self.post(action, **{**filled(answer.page, action), **typed}))

    def post(self, path: str, **form: str) -> TestResponse:
        """Sends a form as it is."""
        return self._open(path, method="POST", data=form)

    def _open(self, path: str, **how: Any) -> TestResponse:
        headers = {"Accept-Language": self.language}
        session = self.client.get_cookie("session")
        account = self.account or (session.value.removeprefix("token-of-") if session else "")
        if self.trouble:
            headers["x-account-error"] = self.trouble
        elif account:
            headers |= {"x-account-id": account, "x-account-email": account}
        return self.client.open(path, headers=headers, **how)

    def _followed(self, response: TestResponse) -> Answer:
        place = response.request.full_path.rstrip("?")
        if response.status_code == 303:
            return self.get(response.headers["Location"])
        return Answer(response.status_code, place, parse(response.text), response)


def filled(page: Element, action: str) -> dict[str, str]:
    """What the form of this action would send if nobody changed anything."""
    form = page.one("form", action=action)
    sent = {
        field["name"]: field.attributes.get("value", "")
        for field in form.all("input")
        if field.attributes.get("type") != "radio" or "checked" in field.attributes
    }
    for select in form.all("select"):
        chosen = [option for option in select.all("option") if "selected" in option.attributes]
        sent[select["name"]] = chosen[0].attributes.get("value", "") if chosen else ""
    return sent
