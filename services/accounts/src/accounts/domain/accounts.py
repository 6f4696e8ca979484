"""Accounts, and the valid forms of an email address, a password and a name."""

import re
import unicodedata
from dataclasses import dataclass

from nightmarket.limits import MAX_EMAIL, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD

_WORD = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+")
_JOINERS = "\u200c\u200d"  # parts of names in some scripts, and of emoji


class EmailInvalid(Exception):
    """Not an email address."""


class PasswordTooShort(Exception):
    """A password that is too easy to guess."""


class PasswordTooLong(Exception):
    """A password that takes too long to hash."""


class NameInvalid(Exception):
    """Not a valid name."""


class EmailTaken(Exception):
    """There is an account with this email address."""


class CredentialsWrong(Exception):
    """No account has this email address and password."""


@dataclass(frozen=True)
class Account:
    """A user who can sign in; `email` is normalized."""

    id: str
    email: str
    name: str


@dataclass(frozen=True)
class Credentials:
    """An account with the hash of its password."""

    account: Account
    password_hash: str


def normalized_email(text: str) -> str:
    """Return the address in the form that is stored and compared. Raises EmailInvalid.

    An address is ASCII, because services send it in HTTP headers.
    """
    email = text.strip()
    # Check before lower(): it maps a few non-ASCII characters to ASCII letters, which would change the address.
    if len(email) <= MAX_EMAIL and email.isascii() and _EMAIL.fullmatch(email.lower()):
        return email.lower()
    raise EmailInvalid("This is not an email address.")


def checked_name(text: str) -> str:
    """Return the name with single spaces. Raises NameInvalid."""
    name = " ".join(text.split())
    if 1 <= len(name) <= MAX_NAME and all(map(_is_visible, name)):
        return unicodedata.normalize("NFC", name)
    raise NameInvalid(f"A name has 1 to {MAX_NAME} visible characters.")


def checked_password(text: str) -> str:
    """Return a new password in the form that is hashed. Raises PasswordTooShort and PasswordTooLong."""
    if len(text) > MAX_PASSWORD:
        raise PasswordTooLong(f"A password has at most {MAX_PASSWORD} characters.")
    if len(text) < MIN_PASSWORD:
        raise PasswordTooShort(f"A password has at least {MIN_PASSWORD} characters.")
    return normalized_password(text)


def normalized_password(text: str) -> str:
    """Return the same text for passwords that look the same, because keyboards compose characters differently."""
    return unicodedata.normalize("NFKC", text)


def _is_visible(character: str) -> bool:
    return not unicodedata.category(character).startswith("C") or character in _JOINERS
