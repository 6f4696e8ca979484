"""Accounts, and what an e-mail address, a password and a name may look like."""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_EMAIL = 254
LONGEST_NAME = 100
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128

_WORD = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"(?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL})+")
_JOINERS = "\u200c\u200d"  # parts of names in some scripts, and of emoji


class EmailInvalid(Exception):
    """Not an e-mail address."""


class PasswordTooShort(Exception):
    """A password that is guessed too easily."""


class PasswordTooLong(Exception):
    """A password longer than any that people use."""


class NameInvalid(Exception):
    """Not a name to call somebody by."""


class EmailTaken(Exception):
    """There is an account with this e-mail address."""


class CredentialsWrong(Exception):
    """No account has this e-mail address and this password; which of the two is wrong is not told."""


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in; `email` is normalised."""

    id: str
    email: str
    name: str


def normalised_email(text: str) -> str:
    """The address in the one form in which addresses are kept and compared. Raises EmailInvalid.

    ASCII only: addresses travel in HTTP headers between the services.
    """
    email = text.strip()
    # Python lower-cases a few characters from outside ASCII to ASCII letters; such an address is another one.
    if len(email) <= LONGEST_EMAIL and email.isascii() and _EMAIL.fullmatch(email.lower()):
        return email.lower()
    raise EmailInvalid("This is not an e-mail address.")


def checked_name(text: str) -> str:
    """The name, with single spaces. Raises NameInvalid."""
    name = " ".join(text.split())
    if 1 <= len(name) <= LONGEST_NAME and all(map(_is_visible, name)):
        return unicodedata.normalize("NFC", name)
    raise NameInvalid(f"A name has 1 to {LONGEST_NAME} visible characters.")


def checked_password(text: str) -> str:
    """A new password, in the form that is hashed. Raises PasswordTooShort or PasswordTooLong."""
    if len(text) > LONGEST_PASSWORD:
        raise PasswordTooLong(f"A password has at most {LONGEST_PASSWORD} characters.")
    if len(text) < SHORTEST_PASSWORD:
        raise PasswordTooShort(f"A password has at least {SHORTEST_PASSWORD} characters.")
    return normalised_password(text)


def normalised_password(text: str) -> str:
    """The same for passwords that look the same, however a keyboard composes their characters."""
    return unicodedata.normalize("NFKC", text)


def _is_visible(character: str) -> bool:
    return not unicodedata.category(character).startswith("C") or character in _JOINERS
