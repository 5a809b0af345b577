"""`headgate verify`: what is proven, and each way to fail with words and a status of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.bundles import Bench, allowed_signers, bench_in, ssh_key

from headgate.bundle import layout
from headgate.bundle.archive import Member, read, sums_of
from headgate.bundle.packing import members_of
from headgate.bundle.signing import Signer
from headgate.bundle.statement import encoded, envelope, opened, pae
from headgate.bundle.statuses import MEANINGS
from headgate.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return bench_in(tmp_path)


def verify(bundle: Path, allowed: Path, *more: object) -> int:
    return main(["verify", str(bundle), "--allowed-signers", str(allowed), *map(str, more)])


def said(capsys: Captured) -> str:
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return out + err


# What is proven


def test_a_signed_approval_of_what_is_to_be_deployed_is_proven(
    bench: Bench, capsys: Captured
) -> None:
    bundle, deployed = bench.bundle(), bench.deployed()
    policy = bench.folder / "policy.yaml"
    policy.write_bytes(bench.contents().policy)
    assert verify(bundle, bench.allowed, "--deployed", deployed, "--policy", policy) == 0
    words = said(capsys)
    assert "proven, and approved: the reason" in words
    assert "signed by  ci@carrier.example" in words
    assert f"{deployed} is byte for byte what was judged" in words


def test_settings_need_not_be_deployed(bench: Bench) -> None:
    deployed = bench.deployed(lambda path: (path / "gateway.yaml").unlink())
    assert verify(bench.bundle(), bench.allowed, "--deployed", deployed) == 0


def test_the_same_evidence_makes_the_same_bundle(bench: Bench) -> None:
    first = bench.bundle().read_bytes()
    assert bench.bundle().read_bytes() == first


@pytest.mark.parametrize("word", ["approved", "rejected", "not-judged"])
def test_the_verdict_is_the_exit(bench: Bench, word: str, capsys: Captured) -> None:
    status = {"approved": 0, "rejected": 1, "not-judged": 2}[word]
    assert verify(bench.bundle(word), bench.allowed) == status
    assert f"proven, and {word}: the reason" in said(capsys)


def test_a_candidate_that_could_not_be_read_is_evidence_too(bench: Bench, capsys: Captured) -> None:
    contents = bench.contents("not-judged")
    record = json.loads(json.dumps(contents.record))
    record["verdict"]["digest"] = ""
    contents = dataclasses.replace(contents, record=record, candidate=None)
    assert verify(bench.write(members_of(contents, Signer(bench.key))), bench.allowed) == 2
    assert "proven, and not-judged" in said(capsys)


# Whose it is


def test_without_a_signature_it_proves_nothing(bench: Bench, capsys: Captured) -> None:
    assert verify(bench.bundle(signed=False), bench.allowed) == 4
    assert "not signed: there is no SHA256SUMS.sig in it" in said(capsys)


def test_a_foreign_key_is_named(bench: Bench, capsys: Captured) -> None:
    foreign = allowed_signers(ssh_key(bench.folder, "other"))
    assert verify(bench.bundle(), foreign) == 5
    assert f"signed by nobody whom {foreign} allows: it is by the key SHA256:" in said(capsys)


@pytest.mark.parametrize("options", ['namespaces="git"', 'valid-before="20200101"'])
def test_a_key_for_another_purpose_or_time_is_foreign(bench: Bench, options: str) -> None:
    allowed = allowed_signers(bench.key, options=options)
    assert verify(bench.bundle(), allowed) == 5


def test_a_signature_of_another_list_proves_nothing(bench: Bench, capsys: Captured) -> None:
    members = bench.members()
    members[layout.SIGNATURE] = Member(Signer(bench.key).signature(b"another"))
    assert verify(bench.write(members), bench.allowed) == 6
    assert "the signature is not that of its SHA256SUMS" in said(capsys)


def test_an_attacker_who_sums_anew_cannot_sign(bench: Bench) -> None:
    members = bench.members("rejected")
    signature = members.pop(layout.SIGNATURE)
    members.pop(layout.SUMS)
    told = json.loads(_bytes(members[layout.VERDICT]))
    told["candidates"][0]["verdict"] = "approved"
    members[layout.VERDICT] = Member(json.dumps(told).encode())
    members[layout.SUMS] = Member(sums_of(members))
    members[layout.SIGNATURE] = signature
    assert verify(bench.write(members), bench.allowed) == 6


def _bytes(member: Member) -> bytes:
    assert isinstance(member.content, bytes)
    return member.content


# That it is whole


def test_no_byte_of_it_may_change(bench: Bench) -> None:
    """One byte in every 397, in files, headers, padding and end alike."""
    bundle = bench.bundle()
    whole = bundle.read_bytes()
    rng = random.Random(0)
    changed = bench.folder / "changed.tar"
    for start in range(0, len(whole) - 397, 397):
        at = start + rng.randrange(397)
        data = bytearray(whole)
        data[at] ^= 1 << rng.randrange(8)
        changed.write_bytes(data)
        assert verify(changed, bench.allowed) in (3, 4, 5, 6, 7, 8), f"byte {at}"


def test_every_byte_of_the_signature_counts(bench: Bench) -> None:
    members = bench.members()
    signature = _bytes(members[layout.SIGNATURE])
    for at in range(0, len(signature), 7):
        data = bytearray(signature)
        data[at] ^= 1
        members[layout.SIGNATURE] = Member(bytes(data))
        assert verify(bench.write(members), bench.allowed) in (5, 6), f"byte {at}"


@pytest.mark.parametrize("end", [b"\0", b"\0" * 10240, b"more"])
def test_nothing_may_follow_it(bench: Bench, end: bytes, capsys: Captured) -> None:
    bundle = bench.bundle()
    bundle.write_bytes(bundle.read_bytes() + end)
    assert verify(bundle, bench.allowed) == 7
    assert "changed since it was signed: the archive itself" in said(capsys)


@pytest.mark.parametrize(
    "name", [layout.VERDICT, "candidate/nginx.conf", "raw/capture.pcap.gz", layout.POLICY]
)
def test_a_changed_file_is_named(bench: Bench, name: str, capsys: Captured) -> None:
    members = bench.members()
    members[name] = Member(_bytes(members[name]) + b" ")
    assert verify(bench.write(members), bench.allowed) == 7
    assert f"changed since it was signed: {name}\n" in said(capsys)


def test_the_right_to_be_executed_counts(bench: Bench) -> None:
    members = bench.members()
    members["candidate/nginx.conf"] = Member(_bytes(members["candidate/nginx.conf"]), True)
    assert verify(bench.write(members), bench.allowed) == 7


def test_a_missing_and_an_extra_file_are_named(bench: Bench, capsys: Captured) -> None:
    members = bench.members()
    del members["candidate/conf.d/sites.conf"]
    assert verify(bench.write(members), bench.allowed) == 8
    assert "not what was signed: missing: candidate/conf.d/sites.conf" in said(capsys)
    members = {**bench.members(), "candidate/more.conf": Member(b"#\n")}
    assert verify(bench.write(members), bench.allowed) == 8
    assert "not what was signed: extra: candidate/more.conf" in said(capsys)


# That its parts belong together: all of it signed by somebody who may


def signed_anew(bench: Bench, members: dict[str, Member]) -> Path:
    """Sums and signature made again, as only a holder of the key can."""
    for name in (layout.SUMS, layout.SIGNATURE):
        members.pop(name)
    sums = sums_of(members)
    members[layout.SUMS] = Member(sums)
    members[layout.SIGNATURE] = Member(Signer(bench.key).signature(sums))
    return bench.write(members)


def test_a_verdict_on_another_candidate_is_refused(bench: Bench, capsys: Captured) -> None:
    members = bench.members()
    (bench.candidate / "nginx.conf").write_text("events {}\n")
    other = bench.members()
    mixed = {name: (other if name.startswith("candidate") else members)[name] for name in members}
    assert verify(signed_anew(bench, mixed), bench.allowed) == 9
    assert "another candidate: the verdict is about sha256:" in said(capsys)


def test_files_that_are_not_the_candidates_are_refused(bench: Bench, capsys: Captured) -> None:
    members = bench.members()
    members["candidate/nginx.conf"] = Member(b"events {}\n")
    assert verify(signed_anew(bench, members), bench.allowed) == 9
    assert "candidate/ is not what candidate.sums tells of" in said(capsys)


def attested(bench: Bench, change: Callable[[dict[str, object]], None], key: Path) -> bytes:
    """The bundle's attestation with a change, signed by this key."""
    payload, _ = opened(_bytes(bench.members()[layout.ATTESTATION]))
    told = json.loads(payload)
    change(told)
    payload, signer = encoded(told), Signer(key)
    return envelope(payload, signer.keyid, signer.plain(pae(payload)))


def subject(told: dict[str, object]) -> None:
    told["subject"] = [{"name": "other", "digest": {"sha256": "0" * 64}}]


def result(told: dict[str, object]) -> None:
    told["predicate"] = {"result": "FAILED"}


@pytest.mark.parametrize(
    ("change", "words"),
    [(subject, "it is about another candidate"), (result, "it says FAILED, the verdict is appr")],
)
def test_an_attestation_that_says_something_else_is_refused(
    bench: Bench,
    change: Callable[[dict[str, object]], None],
    words: str,
    capsys: Captured,
) -> None:
    members = bench.members()
    members[layout.ATTESTATION] = Member(attested(bench, change, bench.key))
    assert verify(signed_anew(bench, members), bench.allowed) == 9
    assert words in said(capsys)


def test_an_attestation_by_another_key_is_refused(bench: Bench, capsys: Captured) -> None:
    members = bench.members()
    other = ssh_key(bench.folder, "other")
    members[layout.ATTESTATION] = Member(attested(bench, lambda told: None, other))
    assert verify(signed_anew(bench, members), bench.allowed) == 9
    assert "not signed by the key that signed SHA256SUMS" in said(capsys)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"payloadType": "x"}', b"\xff"])
def test_an_attestation_that_is_none_is_refused(bench: Bench, data: bytes) -> None:
    members = bench.members()
    members[layout.ATTESTATION] = Member(data)
    assert verify(signed_anew(bench, members), bench.allowed) == 9


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"candidates": []}', b'{"candidates": [{"verdict": "approved"}]}']
)
def test_a_verdict_that_is_none_is_refused(bench: Bench, data: bytes, capsys: Captured) -> None:
    members = bench.members()
    members[layout.VERDICT] = Member(data)
    assert verify(signed_anew(bench, members), bench.allowed) == 9
    assert "verdict.json: no verdict on one candidate" in said(capsys)


def test_a_verdict_that_the_record_does_not_bear_out_is_refused(bench: Bench) -> None:
    members = bench.members("rejected")
    members[layout.VERDICT] = bench.members("approved")[layout.VERDICT]
    assert verify(signed_anew(bench, members), bench.allowed) == 9


def test_another_policy_is_told(bench: Bench, capsys: Captured) -> None:
    policy = bench.folder / "policy.yaml"
    policy.write_bytes(bench.contents().policy + b"#\n")
    assert verify(bench.bundle(), bench.allowed, "--policy", policy) == 10
    assert f"judged by another policy than {policy}" in said(capsys)


# What is to be deployed


def change_a_byte(path: Path) -> None:
    (path / "nginx.conf").write_text("events {}\ninclude conf.d/*.cond;\n")


def add_a_file(path: Path) -> None:
    (path / "conf.d" / "more.conf").write_text("#\n")


def remove_a_file(path: Path) -> None:
    (path / "conf.d" / "sites.conf").unlink()


def lead_elsewhere(path: Path) -> None:
    (path / "enabled.conf").unlink()
    (path / "enabled.conf").symlink_to("/etc/passwd")


def make_a_file_of_the_link(path: Path) -> None:
    (path / "enabled.conf").unlink()
    (path / "enabled.conf").write_text("# sites\n")


def let_it_be_executed(path: Path) -> None:
    (path / "nginx.conf").chmod(0o755)


def change_settings(path: Path) -> None:
    (path / "gateway.yaml").write_text("ports: {proxy: 8081}\n")


def become_another(path: Path) -> None:
    change_a_byte(path)
    add_a_file(path)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (change_a_byte, 12, "changed since it was judged: nginx.conf"),
        (lead_elsewhere, 12, "changed since it was judged: enabled.conf"),
        (make_a_file_of_the_link, 12, "changed since it was judged: enabled.conf"),
        (let_it_be_executed, 12, "changed since it was judged: nginx.conf"),
        (change_settings, 12, "changed since it was judged: gateway.yaml"),
        (add_a_file, 13, "not what was judged: extra: conf.d/more.conf"),
        (remove_a_file, 13, "not what was judged: missing: conf.d/sites.conf"),
        (become_another, 11, "another candidate than was judged: extra: conf.d/more.conf; ch"),
    ],
)
def test_what_is_to_be_deployed_is_what_was_judged(
    bench: Bench, change: Callable[[Path], object], status: int, words: str, capsys: Captured
) -> None:
    deployed = bench.deployed(change)
    assert verify(bench.bundle(), bench.allowed, "--deployed", deployed) == status
    assert f"{deployed}: {words}" in said(capsys)


def test_a_rejected_candidate_is_not_deployed_however_equal(bench: Bench) -> None:
    bundle = bench.bundle("rejected")
    assert verify(bundle, bench.allowed, "--deployed", bench.deployed()) == 1


@pytest.mark.parametrize("what", ["nothing", "a file", "a pipe in it"])
def test_what_cannot_be_compared_is_not_deployed(bench: Bench, what: str) -> None:
    path = bench.folder / "there"
    if what == "a file":
        path.write_text("")
    elif what == "a pipe in it":
        path = bench.deployed(lambda folder: os.mkfifo(folder / "pipe"))
    assert verify(bench.bundle(), bench.allowed, "--deployed", path) == 3


def test_settings_that_were_not_judged_are_extra(bench: Bench) -> None:
    contents = dataclasses.replace(bench.contents(), settings=None)
    bundle = bench.write(members_of(contents, Signer(bench.key)))
    assert verify(bundle, bench.allowed, "--deployed", bench.deployed()) == 13


# Archives that are none, or mean harm


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for header, data in members:
            header.size = header.size or len(data)
            tar.addfile(header, io.BytesIO(data))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, target
    return header


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (member("../out"), "leads out of the bundle"),
        (member("/etc/passwd"), "leads out of the bundle"),
        (member("a/../../b"), "leads out of the bundle"),
        (member("a//b"), "leads out of the bundle"),
        (member("./a"), "leads out of the bundle"),
        (member("a\\b"), "is no plain name"),
        (member("a\nb"), "is no plain name"),
        (member("a\x1b[2J"), "is no plain name"),
        (member("link", tarfile.SYMTYPE, "/etc/passwd"), "is a symbolic link"),
        (member("link", tarfile.LNKTYPE, "SHA256SUMS"), "is a hard link"),
        (member("folder", tarfile.DIRTYPE), "is a directory"),
        (member("pipe", tarfile.FIFOTYPE), "is a named pipe"),
        (member("device", tarfile.CHRTYPE), "is a device"),
        (member("sparse", tarfile.GNUTYPE_SPARSE), "is a sparse file"),
    ],
)
def test_a_member_that_means_harm_is_refused(
    header: tarfile.TarInfo, words: str, bench: Bench, capsys: Captured
) -> None:
    path = archive(bench.folder / "harm.tar", (header, b""))
    assert verify(path, bench.allowed) == 3
    assert words in said(capsys)


def test_one_name_twice_is_refused(bench: Bench, capsys: Captured) -> None:
    twice = [(member("verdict.json"), b"{}"), (member("verdict.json"), b"[]")]
    assert verify(archive(bench.folder / "twice.tar", *twice), bench.allowed) == 3
    assert "'verdict.json' is in it twice" in said(capsys)


@pytest.mark.parametrize("size", [1 << 31, 1 << 62])
def test_a_member_that_claims_to_be_huge_is_refused(
    size: int, bench: Bench, capsys: Captured
) -> None:
    header = member("raw/capture.pcap.gz")
    header.size = size
    path = bench.folder / "huge.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert verify(path, bench.allowed) == 3
    assert "too large for a bundle" in said(capsys)


def test_a_huge_list_is_not_read_into_memory(bench: Bench, capsys: Captured) -> None:
    path = bench.folder / "huge.tar"
    header = member("SHA256SUMS")
    header.size = 65 << 20
    with path.open("wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.truncate(66 << 20)
    assert verify(path, bench.allowed) == 3
    assert "'SHA256SUMS' is too large" in said(capsys)


@pytest.mark.parametrize("data", [b"", b"no archive", b"\x1f\x8b\x08\0" + bytes(600)])
def test_what_is_no_bundle_is_refused(data: bytes, bench: Bench) -> None:
    path = bench.folder / "none.tar"
    path.write_bytes(data)
    assert verify(path, bench.allowed) == 3


def test_a_bundle_that_is_cut_off_is_refused(bench: Bench) -> None:
    whole = bench.bundle().read_bytes()
    path = bench.folder / "cut.tar"
    for size in range(0, len(whole) - 1, 2999):
        path.write_bytes(whole[:size])
        assert verify(path, bench.allowed) not in (0, 1, 2)


def test_what_is_not_there_is_told(bench: Bench, capsys: Captured) -> None:
    assert verify(bench.folder / "none.tar", bench.allowed) == 3
    assert "none.tar: there is no such file: expected a bundle" in said(capsys)
    assert verify(bench.bundle(), bench.folder / "nobody") == 3
    assert "nobody: there is no such file: expected one of allowed signers" in said(capsys)


# The words around it


def test_the_help_has_the_table_of_exits(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    out = capsys.readouterr().out
    assert all(f"{status:2}  {words}" in out for status, words in MEANINGS.items())


def test_the_digest_is_that_of_the_candidates_sums(bench: Bench) -> None:
    files = read(bench.bundle(), lambda name: name == layout.VERDICT)
    digest = json.loads(files[layout.VERDICT].content)["candidates"][0]["digest"]
    assert digest == f"sha256:{files[layout.CANDIDATE_SUMS].sum}"


def test_the_archive_belongs_to_nobody_and_is_of_no_time(bench: Bench) -> None:
    with tarfile.open(bench.bundle()) as tar:
        names = tar.getnames()
        assert names == sorted(names)
        assert {(one.uid, one.gid, one.uname, one.mtime) for one in tar} == {(0, 0, "", 0)}
        modes = {one.name: one.mode for one in tar}
    assert (modes["candidate/hook.sh"], modes["candidate/nginx.conf"]) == (0o755, 0o644)


def test_long_and_odd_names_come_through(bench: Bench) -> None:
    odd = bench.candidate / ("d" * 120) / "ä  * ü.conf"
    odd.parent.mkdir()
    odd.write_text("#\n")
    assert verify(bench.bundle(), bench.allowed, "--deployed", bench.deployed()) == 0


def test_the_bundle_says_where_the_labs_numbers_are(bench: Bench) -> None:
    words = _bytes(bench.members()[layout.README]).decode()
    assert "raw/ is as it came, and holds the lab's own test numbers in full" in words
    assert "signed      by the key SHA256:" in words
    assert hashlib.sha256(_bytes(bench.members()[layout.CANDIDATE_SUMS])).hexdigest() in words
