"""The key that signs evidence, and checking what it signed."""

import stat
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from surveil.errors import SurveilError
from surveil.evidence.signing import (
    KEY_FILE,
    fingerprint,
    is_signed,
    public_pem,
    read_public_pem,
    signing_key,
)

KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"1" * 32), Ed25519PrivateKey.from_private_bytes(b"2" * 32)


def test_a_key_is_made_once_for_its_owner_alone(tmp_path):
    folder = tmp_path / "new" / "folder"
    first, again = signing_key(folder), signing_key(folder)
    assert fingerprint(first.public_key()) == fingerprint(again.public_key())
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600


def test_processes_that_need_the_first_key_at_once_get_the_same(tmp_path, monkeypatch):
    """Both have seen that there is none; the slower one takes the key of the faster."""
    together = threading.Barrier(2)
    generate = Ed25519PrivateKey.generate

    def at_once():
        together.wait(10)
        return generate()

    monkeypatch.setattr(Ed25519PrivateKey, "generate", staticmethod(at_once))
    found = []
    threads = [threading.Thread(target=lambda: found.append(signing_key(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({fingerprint(key.public_key()) for key in found}) == 1
    assert len(found) == 2
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path, mode):
    signing_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(SurveilError, match=r"others may read the key.*chmod 600"):
        signing_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_told_and_left_alone(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SurveilError, match=r"not the key that signs evidence.*Restore it"):
        signing_key(tmp_path)
    assert path.read_bytes() == content


def test_a_key_of_another_kind_or_with_a_password_is_refused(tmp_path):
    path = tmp_path / KEY_FILE
    for key, lock in (
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), serialization.NoEncryption()),
        (KEY, serialization.BestAvailableEncryption(b"secret")),
    ):
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock))
        path.chmod(0o600)
        with pytest.raises(SurveilError, match="not"):
            signing_key(tmp_path)


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SurveilError, match="The key that signs evidence lies there"):
        signing_key(tmp_path / "file")


def test_a_public_key_goes_to_pem_and_back():
    again = read_public_pem(public_pem(KEY.public_key()))
    assert again is not None
    assert fingerprint(again) == fingerprint(KEY.public_key()) != fingerprint(OTHER.public_key())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = rsa_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for content in (b"", b"hello", pem, public_pem(KEY.public_key())[:-40]):
        assert read_public_pem(content) is None


@given(content=st.binary(max_size=64), change=st.integers(0, 8 * 64 - 1), other=st.binary(max_size=64))
def test_only_the_key_itself_signs_only_this_content(content, change, other):
    signature = KEY.sign(content)
    assert is_signed(KEY.public_key(), signature, content)
    assert not is_signed(OTHER.public_key(), signature, content)
    assert is_signed(KEY.public_key(), signature, other) == (other == content)
    flipped = bytearray(signature)
    flipped[change // 8] ^= 1 << change % 8
    assert not is_signed(KEY.public_key(), bytes(flipped), content)
    assert not is_signed(KEY.public_key(), other, content)


def test_the_key_is_not_written_over_a_link_to_elsewhere(tmp_path):
    """A link that leads to nothing is no key yet; it is not followed to make one there."""
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(SurveilError):
        signing_key(tmp_path)
    assert not (tmp_path / "elsewhere.pem").exists()
