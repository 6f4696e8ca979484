"""Signing up, in and out. The session is a token of the accounts service, in a cookie that only the gateway reads."""

from datetime import UTC, datetime

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.clients.accounts import Accounts, Session
from storefront.domain import places
from storefront.pages import wanted
from storefront.pages.frame import GOOD, Frame, say, to
from storefront.session import is_signed_in
from storefront.texts import N_

COOKIE = "session"
_FIELDS = {
    "EMAIL_INVALID": "email",
    "EMAIL_TAKEN": "email",
    "PASSWORD_TOO_SHORT": "password",
    "PASSWORD_TOO_LONG": "password",
    "NAME_INVALID": "name",
}


class AccountPages:
    """The forms, and what they do."""

    def __init__(self, frame: Frame, accounts: Accounts) -> None:
        self._frame = frame
        self._accounts = accounts

    def sign_in_form(self) -> ResponseReturnValue:
        """GET /sign-in?next=<path>"""
        return self._form("sign_in.html")

    def sign_up_form(self) -> ResponseReturnValue:
        """GET /sign-up?next=<path>"""
        return self._form("sign_up.html")

    def sign_in(self) -> ResponseReturnValue:
        """POST /sign-in: email, password, next."""
        try:
            session = self._accounts.sign_in(_typed("email"), _typed("password"))
        except AppError as error:
            return self._refused("sign_in.html", error)
        return _welcome(session)

    def sign_up(self) -> ResponseReturnValue:
        """POST /sign-up: name, email, password, next. Signs in at once."""
        try:
            self._accounts.sign_up(_typed("email"), _typed("password"), _typed("name"))
            session = self._accounts.sign_in(_typed("email"), _typed("password"))
        except AppError as error:
            return self._refused("sign_up.html", error)
        return _welcome(session)

    def sign_out(self) -> ResponseReturnValue:
        """POST /sign-out"""
        flask.session.clear()
        say(GOOD, N_("You are signed out. See you!"))
        response = flask.make_response(to(places.HOME))
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=flask.request.is_secure)
        return response

    def _form(self, template: str) -> ResponseReturnValue:
        next_place = places.safe(flask.request.args.get("next", places.HOME))
        if is_signed_in():
            return to(next_place)
        return self._frame.page(template, typed={}, next=next_place, errors={}, refused="")

    def _refused(self, template: str, error: AppError) -> ResponseReturnValue:
        if error.code.http >= 500:
            raise error
        text, field = texts.of_error(error), _FIELDS.get(error.reason)
        return self._frame.page(
            template,
            error.code.http,
            typed={"email": _typed("email"), "name": _typed("name")},
            next=places.safe(_typed("next")),
            errors={field: text} if field else {},
            refused="" if field else text,
        )


def _typed(field: str) -> str:
    return flask.request.form.get(field, "")


def _welcome(session: Session) -> ResponseReturnValue:
    next_place = places.safe(_typed("next"))
    if next_place != "/basket":
        wanted.forget()
    response = flask.make_response(to(next_place))
    seconds = (session.expires - datetime.now(UTC)).total_seconds()
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=max(0, int(seconds)),
        httponly=True,
        samesite="Lax",
        secure=flask.request.is_secure,
    )
    return response
