import pytest

from surveil.accounts.secrets import hash_password, is_password, new_secret


@pytest.fixture
def cheap_passwords():
    """Not here."""


def test_passwords_are_hashed_as_expensively_as_they_should_be():
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert stored != hash_password("correct horse battery"), "each has a salt of its own"
    assert is_password("correct horse battery", stored)
    assert not is_password("correct horse batterz", stored)
    assert not is_password("correct horse battery", None)
    assert not is_password("correct horse battery", "no hash")


def test_secrets_are_long_and_never_the_same():
    made = {new_secret("surveil_") for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) == len("surveil_") + 43
