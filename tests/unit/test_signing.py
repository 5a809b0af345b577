"""Keys that can sign and keys that cannot; what is signed is what OpenSSH and openssl know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.unit.bundles import ssh_key

from headgate.bundle.signing import (
    NAMESPACE,
    Signer,
    fingerprint,
    is_plainly_signed,
    public_key_in,
)
from headgate.errors import HeadgateError


def test_a_key_that_cannot_sign_is_told_at_once(tmp_path: Path) -> None:
    for key, words in [
        (tmp_path / "none", "the key cannot be read: No such file or directory"),
        (ssh_key(tmp_path, "locked", passphrase="secret"), "the key has a passphrase"),
        (ssh_key(tmp_path, "rsa", kind="rsa"), "not an Ed25519 key"),
        (ssh_key(tmp_path, "ok").with_suffix(".pub"), "no private key in OpenSSH's format"),
    ]:
        with pytest.raises(HeadgateError, match=words):
            Signer(key)


def test_a_key_that_everybody_may_read_is_no_key(tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    key.chmod(0o644)
    with pytest.raises(HeadgateError, match=r"ssh-keygen does not sign with it: .*UNPROTECTED"):
        Signer(key)


def test_without_ssh_keygen_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ssh_key(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HeadgateError, match="there is no ssh-keygen here: install openssh-client"):
        Signer(key)


def test_the_key_is_named_as_ssh_names_it(tmp_path: Path) -> None:
    key = ssh_key(tmp_path)
    done = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, check=True)
    assert Signer(key).keyid == done.stdout.decode().split()[1]


def test_both_signatures_are_by_the_same_key(tmp_path: Path) -> None:
    signer = Signer(ssh_key(tmp_path))
    public = public_key_in(signer.signature(b"data"))
    assert fingerprint(public) == signer.keyid
    assert is_plainly_signed(public, signer.plain(b"data"), b"data")
    assert not is_plainly_signed(public, signer.plain(b"data"), b"datA")
    assert not is_plainly_signed(public, b"", b"data")


def test_openssh_knows_the_signature_for_this_purpose_alone(tmp_path: Path) -> None:
    signature = tmp_path / "signature"
    signature.write_bytes(Signer(ssh_key(tmp_path)).signature(b"data"))
    for namespace, status in [(NAMESPACE, 0), ("git", 255)]:
        argv: list[str | Path] = [
            "ssh-keygen",
            "-Y",
            "check-novalidate",
            "-n",
            namespace,
            "-s",
            signature,
        ]
        assert subprocess.run(argv, input=b"data", check=False).returncode == status


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAADMA\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n!\n-----END SSH SIGNATURE-----\n",
    ],
)
def test_what_is_no_signature_is_none(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (whatever the words)
        public_key_in(data)


def test_a_signature_by_another_kind_of_key_is_none(tmp_path: Path) -> None:
    key = ssh_key(tmp_path, kind="ecdsa")
    argv: list[str | Path] = ["ssh-keygen", "-Y", "sign", "-q", "-n", NAMESPACE, "-f", key]
    done = subprocess.run(argv, input=b"data", capture_output=True, check=True)
    with pytest.raises(ValueError, match="not a signature by an Ed25519 key"):
        public_key_in(done.stdout)
