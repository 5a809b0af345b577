"""Signing with an SSH key, and saying whose signature it is.

`ssh-keygen -Y` signs the list of sums, so that whoever has OpenSSH can prove it; the namespace
binds a signature to this purpose, so that one made for another (a commit, an e-mail) proves nothing
here. The same Ed25519 key signs the attestation, plainly, so that whoever has openssl can.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from headgate.errors import HeadgateError

# With the version of what is signed: a later layout gets a later namespace, and no old signature
# can be taken for one.
NAMESPACE = "headgate-evidence@v1"
_ARMOUR = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
_COLUMNS = 70
_MAGIC = b"SSHSIG"
_ED25519 = b"ssh-ed25519"


class Signer:
    """A person's or a pipeline's key. Whether it can sign is found out at once, not after a run."""

    def __init__(self, path: Path) -> None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        self._path = path
        try:
            key = load_ssh_private_key(path.read_bytes(), None)
        except OSError as error:
            raise HeadgateError(f"{path}: the key cannot be read: {error.strerror}") from error
        except TypeError:
            raise HeadgateError(f"{path}: the key has a passphrase: expected one without") from None
        except (ValueError, UnsupportedAlgorithm):
            raise HeadgateError(f"{path}: no private key in OpenSSH's format: {_HOW}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise HeadgateError(f"{path}: not an Ed25519 key: {_HOW}")
        self._key = key
        self.keyid = fingerprint(key.public_key().public_bytes_raw())
        self.signature(b"")

    def signature(self, data: bytes) -> bytes:
        """The armoured SSH signature of the data, for the purpose of evidence."""
        argv = ["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(self._path)]
        done = ssh_keygen(argv, data)
        if done.returncode:
            raise HeadgateError(f"{self._path}: ssh-keygen does not sign with it: {_words(done)}")
        return done.stdout

    def plain(self, data: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self._key.sign(data)


_HOW = "expected one that `ssh-keygen -t ed25519` has made"


def ssh_keygen(argv: Sequence[str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *argv], input=data, capture_output=True, check=False)
    except FileNotFoundError:
        raise HeadgateError("there is no ssh-keygen here: install openssh-client") from None


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").split("\n")
    said = [line.strip(" @") for line in lines]
    return "; ".join(line for line in said if line) or f"status {done.returncode}"


def fingerprint(public: bytes) -> str:
    """A public Ed25519 key as `ssh-keygen -l` names it."""
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (_ED25519, public))
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def public_key_in(signature: bytes) -> bytes:
    """The 32 bytes of the Ed25519 key that a signature names (OpenSSH, PROTOCOL.sshsig).

    ValueError when it is no signature by such a key.
    """
    lines = signature.decode("ascii").split("\n")[1:-2]
    blob = base64.b64decode("".join(lines), validate=True)
    if not blob.startswith(_MAGIC) or _armoured(blob) != signature:
        raise ValueError("not an SSH signature, or not as ssh-keygen writes one")
    name, rest = _string(_string(blob[len(_MAGIC) + 4 :])[0])
    if name != _ED25519:
        raise ValueError("not a signature by an Ed25519 key")
    return _string(rest)[0]


def _armoured(blob: bytes) -> bytes:
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return "\n".join((_ARMOUR[0], *lines, _ARMOUR[1], "")).encode()


def _string(data: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(data[:4], "big")
    if len(data) < 4 + length:
        raise ValueError("an SSH signature that is cut off")
    return data[4 : 4 + length], data[4 + length :]


def is_plainly_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether this is the key's Ed25519 signature of the data."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    with contextlib.suppress(InvalidSignature, ValueError):
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        return True
    return False


class Refused(HeadgateError):
    """A signature that proves nothing: `foreign` when it is right, but nobody's who may sign."""

    def __init__(self, words: str, *, foreign: bool) -> None:
        super().__init__(words)
        self.foreign = foreign


def signer_of(data: bytes, signature: bytes, allowed: Path) -> str:
    """Who has signed the data, as the file of allowed signers names them. `Refused` when nobody
    has that may."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "signature")
        path.write_bytes(signature)
        at = ("-n", NAMESPACE, "-s", str(path))
        done = ssh_keygen(["-Y", "check-novalidate", *at], data)
        if done.returncode:
            raise Refused(_words(done), foreign=False)
        found = ssh_keygen(["-Y", "find-principals", "-s", str(path), "-f", str(allowed)])
        for who in found.stdout.decode("utf-8", "replace").split("\n"):
            asked = ["-Y", "verify", *at, "-f", str(allowed), "-I", who]
            if who and not ssh_keygen(asked, data).returncode:
                return who
        key = done.stdout.decode("utf-8", "replace").rpartition(" key ")[2].strip()
        raise Refused(f"it is by the key {key}", foreign=True)
