"""Signing up and signing in."""

from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from accounts.domain.accounts import (
    LONGEST_PASSWORD,
    Account,
    CredentialsWrong,
    EmailInvalid,
    checked_name,
    checked_password,
    normalised_email,
    normalised_password,
)


@dataclass(frozen=True)
class Member:
    """An account with what is known of its password."""

    account: Account
    password_hash: str


class Members(Protocol):
    """Where accounts are kept."""

    def add(self, member: Member) -> None:
        """Keeps a new account. Raises EmailTaken."""

    def find(self, email: str) -> Member | None:
        """The account with this normalised address."""

    def renew_hash(self, member: Member, password_hash: str) -> None:
        """Keeps another hash of the same password, unless the password has changed meanwhile."""


class Passwords(Protocol):
    """How passwords are hashed."""

    def hashed(self, password: str) -> str:
        """A hash with a salt of its own."""

    def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the hash is one of this password. None fits nothing, which takes as long to find out."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than those of today."""


class Registry:
    """Lets people sign up and sign in."""

    def __init__(self, members: Members, passwords: Passwords) -> None:
        self._members = members
        self._passwords = passwords

    def sign_up(self, email: str, password: str, name: str) -> Account:
        """Makes an account.

        Raises EmailInvalid, PasswordTooShort, PasswordTooLong, NameInvalid, EmailTaken.
        """
        account = Account(str(uuid4()), normalised_email(email), checked_name(name))
        password_hash = self._passwords.hashed(checked_password(password))
        self._members.add(Member(account, password_hash))
        return account

    def sign_in(self, email: str, password: str) -> Account:
        """The account that this address and password belong to. Raises CredentialsWrong.

        Answers alike, and as slowly, whether it is the address or the password that is wrong.
        """
        if len(password) > LONGEST_PASSWORD:  # nobody's; and normalising a very long one would take long
            email, password = "", ""
        member = self._find(email)
        shown = normalised_password(password)
        fits = self._passwords.fits(shown, member.password_hash if member else None)
        if member is None or not fits:
            raise CredentialsWrong("The e-mail address or the password is wrong.")
        if self._passwords.is_outdated(member.password_hash):
            self._members.renew_hash(member, self._passwords.hashed(shown))
        return member.account

    def _find(self, email: str) -> Member | None:
        try:
            return self._members.find(normalised_email(email))
        except EmailInvalid:
            return None
