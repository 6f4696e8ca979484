import pytest

from accounts.domain.accounts import CredentialsWrong, EmailTaken, PasswordTooShort
from accounts.domain.registry import Member, Registry


class MembersInMemory:
    def __init__(self):
        self.by_email = {}

    def add(self, member):
        if member.account.email in self.by_email:
            raise EmailTaken
        self.by_email[member.account.email] = member

    def find(self, email):
        return self.by_email.get(email)

    def renew_hash(self, member, password_hash):
        self.by_email[member.account.email] = Member(member.account, password_hash)


class ReadablePasswords:
    """Hashes that can be read; `checked` has every hash that a password was held against."""

    def __init__(self, version="new"):
        self.version = version
        self.checked = []

    def hashed(self, password):
        return f"{self.version}:{password}"

    def fits(self, password, password_hash):
        self.checked.append(password_hash)
        return password_hash is not None and password_hash.split(":", 1)[1] == password

    def is_outdated(self, password_hash):
        return not password_hash.startswith(self.version)


@pytest.fixture
def members():
    return MembersInMemory()


@pytest.fixture
def passwords():
    return ReadablePasswords()


@pytest.fixture
def registry(members, passwords):
    return Registry(members, passwords)


def test_who_has_signed_up_can_sign_in(registry):
    account = registry.sign_up("Ming@Example.org", "lantern light", "Ming")
    assert account.email == "ming@example.org"
    assert registry.sign_in("MING@example.org", "lantern light") == account


def test_the_same_address_signs_up_once(registry):
    registry.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(EmailTaken):
        registry.sign_up("MING@EXAMPLE.ORG", "another light", "Ming")


def test_a_password_that_is_refused_makes_no_account(registry, members):
    with pytest.raises(PasswordTooShort):
        registry.sign_up("ming@example.org", "short", "Ming")
    assert members.by_email == {}


def test_a_wrong_password_does_not_sign_in(registry):
    registry.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong):
        registry.sign_in("ming@example.org", "lantern night")


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address", ""])
def test_an_unknown_address_is_told_like_a_wrong_password_after_as_much_work(registry, passwords, email):
    registry.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong) as wrong_password:
        registry.sign_in("ming@example.org", "lantern night")
    with pytest.raises(CredentialsWrong) as unknown_address:
        registry.sign_in(email, "lantern light")
    assert str(unknown_address.value) == str(wrong_password.value)
    assert len(passwords.checked) == 2


def test_a_password_that_is_too_long_for_anybody_is_wrong(registry):
    registry.sign_up("ming@example.org", "x" * 128, "Ming")
    with pytest.raises(CredentialsWrong):
        registry.sign_in("ming@example.org", "x" * 129)


def test_signing_in_renews_a_hash_that_was_made_with_older_parameters(members):
    Registry(members, ReadablePasswords("old")).sign_up("ming@example.org", "lantern light", "Ming")
    Registry(members, ReadablePasswords("new")).sign_in("ming@example.org", "lantern light")
    assert members.find("ming@example.org").password_hash == "new:lantern light"


def test_a_wrong_password_renews_nothing(members):
    Registry(members, ReadablePasswords("old")).sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong):
        Registry(members, ReadablePasswords("new")).sign_in("ming@example.org", "lantern night")
    assert members.find("ming@example.org").password_hash == "old:lantern light"
