"""The use cases of accounts: sign up and sign in."""

from datetime import timedelta
from uuid import uuid4

from accounts.domain.accounts import (
    Account,
    Credentials,
    CredentialsWrong,
    EmailInvalid,
    checked_name,
    checked_password,
    normalized_email,
    normalized_password,
)
from accounts.metrics import CREATED, SIGN_INS
from accounts.passwords import PasswordHasher
from accounts.store import Store
from accounts.tokens import Token, new_token
from nightmarket.limits import MAX_PASSWORD


class AccountService:
    """Creates accounts, and issues tokens that are valid for `token_lifetime`."""

    def __init__(self, store: Store, hasher: PasswordHasher, token_lifetime: timedelta) -> None:
        self._store = store
        self._hasher = hasher
        self._token_lifetime = token_lifetime

    def sign_up(self, email: str, password: str, name: str) -> Account:
        """Create an account.

        Raises EmailInvalid, PasswordTooShort, PasswordTooLong, NameInvalid and EmailTaken.
        """
        account = Account(str(uuid4()), normalized_email(email), checked_name(name))
        password_hash = self._hasher.hash(checked_password(password))
        self._store.add(Credentials(account, password_hash))
        CREATED.inc()
        return account

    def sign_in(self, email: str, password: str) -> Token:
        """Return a new token for the account. Raises CredentialsWrong."""
        try:
            account = self.authenticate(email, password)
        except CredentialsWrong:
            SIGN_INS.labels("rejected").inc()
            raise
        key = self._store.active_key(self._token_lifetime)
        token = new_token(account, key.id, key.private_pem, key.now, self._token_lifetime)
        SIGN_INS.labels("done").inc()
        return token

    def authenticate(self, email: str, password: str) -> Account:
        """Return the account with this email address and password. Raises CredentialsWrong.

        Neither the error nor the time reveals whether the address or the password is wrong.
        """
        if len(password) > MAX_PASSWORD:  # no account has it, and normalizing a very long one is slow
            email, password = "", ""
        credentials = self._find(email)
        normalized = normalized_password(password)
        matches = self._hasher.verify(normalized, credentials.password_hash if credentials else None)
        if credentials is None or not matches:
            raise CredentialsWrong("The email address or the password is wrong.")
        if self._hasher.needs_rehash(credentials.password_hash):
            self._store.replace_hash(credentials, self._hasher.hash(normalized))
        return credentials.account

    def _find(self, email: str) -> Credentials | None:
        try:
            return self._store.find(normalized_email(email))
        except EmailInvalid:
            return None
