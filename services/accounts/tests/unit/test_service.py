from datetime import timedelta

import pytest

from accounts.domain.accounts import Credentials, CredentialsWrong, EmailTaken, PasswordTooShort
from accounts.service import AccountService


class FakeStore:
    def __init__(self):
        self.by_email = {}

    def add(self, credentials):
        if credentials.account.email in self.by_email:
            raise EmailTaken
        self.by_email[credentials.account.email] = credentials

    def find(self, email):
        return self.by_email.get(email)

    def replace_hash(self, credentials, password_hash):
        self.by_email[credentials.account.email] = Credentials(credentials.account, password_hash)


class FakeHasher:
    """Makes readable hashes; `verified` has every hash that was verified."""

    def __init__(self, version="new"):
        self.version = version
        self.verified = []

    def hash(self, password):
        return f"{self.version}:{password}"

    def verify(self, password, password_hash):
        self.verified.append(password_hash)
        return password_hash is not None and password_hash.split(":", 1)[1] == password

    def needs_rehash(self, password_hash):
        return not password_hash.startswith(self.version)


def new_service(store, hasher):
    return AccountService(store, hasher, timedelta(hours=24))


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def hasher():
    return FakeHasher()


@pytest.fixture
def service(store, hasher):
    return new_service(store, hasher)


def test_a_new_account_can_sign_in(service):
    account = service.sign_up("Ming@Example.org", "lantern light", "Ming")
    assert account.email == "ming@example.org"
    assert service.authenticate("MING@example.org", "lantern light") == account


def test_an_address_can_sign_up_only_once(service):
    service.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(EmailTaken):
        service.sign_up("MING@EXAMPLE.ORG", "another light", "Ming")


def test_an_invalid_password_creates_no_account(service, store):
    with pytest.raises(PasswordTooShort):
        service.sign_up("ming@example.org", "short", "Ming")
    assert store.by_email == {}


def test_a_wrong_password_is_rejected(service):
    service.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong):
        service.authenticate("ming@example.org", "lantern night")


@pytest.mark.parametrize("email", ["unknown@example.org", "not an address", ""])
def test_an_unknown_address_gets_the_same_error_after_the_same_work(service, hasher, email):
    service.sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong) as wrong_password:
        service.authenticate("ming@example.org", "lantern night")
    with pytest.raises(CredentialsWrong) as unknown_address:
        service.authenticate(email, "lantern light")
    assert str(unknown_address.value) == str(wrong_password.value)
    assert len(hasher.verified) == 2


def test_a_password_over_the_maximum_length_is_wrong(service):
    service.sign_up("ming@example.org", "x" * 128, "Ming")
    with pytest.raises(CredentialsWrong):
        service.authenticate("ming@example.org", "x" * 129)


def test_signing_in_replaces_a_hash_with_old_parameters(store):
    new_service(store, FakeHasher("old")).sign_up("ming@example.org", "lantern light", "Ming")
    new_service(store, FakeHasher("new")).authenticate("ming@example.org", "lantern light")
    assert store.find("ming@example.org").password_hash == "new:lantern light"


def test_a_wrong_password_replaces_no_hash(store):
    new_service(store, FakeHasher("old")).sign_up("ming@example.org", "lantern light", "Ming")
    with pytest.raises(CredentialsWrong):
        new_service(store, FakeHasher("new")).authenticate("ming@example.org", "lantern night")
    assert store.find("ming@example.org").password_hash == "old:lantern light"
