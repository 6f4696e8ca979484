"""The table of accounts."""

from psycopg.errors import UniqueViolation

from accounts.domain.accounts import Account, EmailTaken
from accounts.domain.registry import Member
from chassis.postgres import Database


class Store:
    """Accounts in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, member: Member) -> None:
        """Keeps a new account. Raises EmailTaken."""
        account = member.account
        try:
            with self._database.connection() as connection:
                connection.execute(
                    "INSERT INTO accounts (id, email, name, password_hash) VALUES (%s, %s, %s, %s)",
                    (account.id, account.email, account.name, member.password_hash),
                )
        except UniqueViolation:
            raise EmailTaken("There is an account with this e-mail address already.") from None

    def find(self, email: str) -> Member | None:
        """The account with this normalised address."""
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT id, email, name, password_hash FROM accounts WHERE email = %s", (email,)
            ).fetchone()
        if row is None:
            return None
        return Member(Account(row["id"], row["email"], row["name"]), row["password_hash"])

    def renew_hash(self, member: Member, password_hash: str) -> None:
        """Keeps another hash of the same password, unless the password has changed meanwhile."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE accounts SET password_hash = %s WHERE id = %s AND password_hash = %s",
                (password_hash, member.account.id, member.password_hash),
            )
