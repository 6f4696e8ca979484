"""Signing up, in and out. The session token goes into a cookie that only the gateway reads."""

from datetime import UTC, datetime

import flask
from flask.typing import ResponseReturnValue

from chassis.errors import AppError
from storefront import texts
from storefront.accounts_client import Session
from storefront.clients import clients
from storefront.layout import CART, GOOD, HOME, redirect, render, safe_path
from storefront.session import PendingItem, is_signed_in
from storefront.texts import N_

bp = flask.Blueprint("account", __name__)
_COOKIE = "session"
_FIELDS = {
    "EMAIL_INVALID": "email",
    "EMAIL_TAKEN": "email",
    "PASSWORD_TOO_SHORT": "password",
    "PASSWORD_TOO_LONG": "password",
    "NAME_INVALID": "name",
}


@bp.get("/sign-in")
def sign_in_form() -> ResponseReturnValue:
    """Show the form. `?next=` is the path to go to after signing in."""
    return _form("sign_in.html")


@bp.get("/sign-up")
def sign_up_form() -> ResponseReturnValue:
    """Show the form. `?next=` is the path to go to after signing up."""
    return _form("sign_up.html")


@bp.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Sign in. Form fields: email, password, next."""
    try:
        session = clients().accounts.sign_in(_field("email"), _field("password"))
    except AppError as error:
        return _rejected("sign_in.html", error)
    return _signed_in(session)


@bp.post("/sign-up")
def sign_up() -> ResponseReturnValue:
    """Create an account and sign in. Form fields: name, email, password, next."""
    try:
        clients().accounts.sign_up(_field("email"), _field("password"), _field("name"))
        session = clients().accounts.sign_in(_field("email"), _field("password"))
    except AppError as error:
        return _rejected("sign_up.html", error)
    return _signed_in(session)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out."""
    flask.session.clear()
    flask.flash(N_("You're signed out. See you soon!"), GOOD)
    response = flask.make_response(redirect(HOME))
    response.delete_cookie(_COOKIE, httponly=True, samesite="Lax", secure=flask.request.is_secure)
    return response


def _form(template: str) -> ResponseReturnValue:
    next_path = safe_path(flask.request.args.get("next", HOME))
    if is_signed_in():
        return redirect(next_path)
    return render(template, typed={}, next=next_path, errors={}, rejection="")


def _rejected(template: str, error: AppError) -> ResponseReturnValue:
    if error.code.http >= 500:
        raise error
    text, field = texts.of_error(error), _FIELDS.get(error.reason)
    return render(
        template,
        error.code.http,
        typed={"email": _field("email"), "name": _field("name")},
        next=safe_path(_field("next")),
        errors={field: text} if field else {},
        rejection="" if field else text,
    )


def _field(name: str) -> str:
    return flask.request.form.get(name, "")


def _signed_in(session: Session) -> ResponseReturnValue:
    next_path = safe_path(_field("next"))
    if next_path != CART:
        PendingItem.pop()  # the visitor wanted something else in the end
    response = flask.make_response(redirect(next_path))
    max_age = (session.expires - datetime.now(UTC)).total_seconds()
    response.set_cookie(
        _COOKIE,
        session.token,
        max_age=max(0, int(max_age)),
        httponly=True,
        samesite="Lax",
        secure=flask.request.is_secure,
    )
    return response
