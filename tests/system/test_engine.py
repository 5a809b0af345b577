"""A cage: what is said in it reaches the harness, and what is done in it reaches nothing else."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from tests.system.conftest import BOTH

from headgate.engines.choice import engine_named
from headgate.engines.docker_engine import DockerCage, DockerEngine
from headgate.engines.engine import CAGE_CAPABILITIES, Cage, Deadline, Engine, Limits
from headgate.errors import LabError
from headgate.images import GATEWAY

PATIENCE = 20.0
WRITABLE = {"/tmp": "1777", "/var/log": "755"}


@pytest.fixture(scope="module", params=BOTH)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with engine_named(request.param)(lambda line: None) as engine:
        yield engine


@pytest.fixture(scope="module")
def cage(engine: Engine) -> Iterator[Cage]:
    with caged(engine) as cage:
        yield cage


@contextlib.contextmanager
def caged(engine: Engine, limits: Limits | None = None) -> Iterator[Cage]:
    cage = engine.cage(GATEWAY, WRITABLE, limits or Limits())
    try:
        yield cage
    finally:
        cage.close()


def ran(cage: Cage, script: str) -> tuple[int | None, str]:
    done = cage.run(["sh", "-c", script], PATIENCE)
    return done.exit, done.output


def said(cage: Cage, script: str) -> str:
    status, output = ran(cage, script)
    assert status == 0, output
    return output


# What is said


def test_a_great_deal_is_received_to_the_byte(cage: Cage) -> None:
    script = "i=0; while [ $i -lt 9000 ]; do echo $i; i=$((i + 1)); done"
    assert said(cage, script) == "".join(f"{number}\n" for number in range(9000))


def test_output_and_error_are_told_apart(cage: Cage) -> None:
    heard: dict[bool, bytes] = {True: b"", False: b""}

    def hear(is_output: bool, data: bytes) -> None:
        heard[is_output] += data

    program = cage.start(["sh", "-c", "echo one; echo two >&2"], hear)
    assert program.wait(PATIENCE) == 0
    assert heard == {True: b"one\n", False: b"two\n"}


def test_what_a_program_opens_as_its_output_is_its_output(cage: Cage) -> None:
    """As a gateway does whose log is /dev/stdout. Of the two, neither need be told first."""
    heard = said(cage, "echo one >/dev/stdout; echo two >>/dev/stderr")
    assert sorted(heard.splitlines()) == ["one", "two"]


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill $$", 143)]
)
def test_the_exit_status_is_a_shells(cage: Cage, script: str, status: int) -> None:
    assert ran(cage, script)[0] == status


def test_a_program_that_is_not_there_is_told_in_words(cage: Cage) -> None:
    done = cage.run(["openresty", "-t"], PATIENCE)
    assert done.exit == 126
    assert 'exec: "openresty": executable file not found in $PATH' in done.output


def test_a_program_has_the_images_environment_and_what_it_is_given(cage: Cage) -> None:
    heard = bytearray()
    program = cage.start(["env"], lambda _, data: heard.extend(data), {"OF_THE": "ours"})
    assert program.wait(PATIENCE) == 0
    assert {b"LANG=C.UTF-8", b"OF_THE=ours"} <= set(bytes(heard).split(b"\n"))


def test_a_program_that_runs_on_has_no_status(cage: Cage) -> None:
    program = cage.start(["sleep", "20"], lambda is_output, data: None)
    assert program.wait(0.1) is None


def test_what_is_said_before_the_harness_listens_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a busy machine the first words lie behind Docker's answer when that is read."""
    begin = http.client.HTTPResponse.begin

    def begin_late(response: Any) -> None:
        sock = cast(socket.socket, response.fp.raw._sock)
        while _is_stream(there := sock.recv(65536, socket.MSG_PEEK)) and b"early" not in there:
            pass
        begin(response)

    with docker_cage() as (_, cage):
        monkeypatch.setattr(http.client.HTTPResponse, "begin", begin_late)
        assert said(cage, "echo early; sleep 0.2; echo late") == "early\nlate\n"


def _is_stream(there: bytes) -> bool:
    return there.startswith(b"HTTP/1.1 101 ")


def test_what_is_said_after_a_long_silence_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than the SDK waits for an answer, which is made short here."""
    with docker_cage() as (engine, cage):
        monkeypatch.setattr(engine._client.api, "timeout", 1)
        assert said(cage, "echo early; sleep 2; echo late") == "early\nlate\n"


@contextlib.contextmanager
def docker_cage() -> Iterator[tuple[DockerEngine, DockerCage]]:
    with DockerEngine() as engine:
        yield engine, engine.cage(GATEWAY, WRITABLE, Limits())


# What can be seen and done


def test_a_program_sees_its_own_cage_and_no_other_process(cage: Cage) -> None:
    titles = said(cage, "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$f; echo; done")
    # Its first process with a child that waits, programs of the tests above, and its own.
    assert all("sh" in line or "cat" in line or "sleep" in line for line in titles.split("\n")[:-1])
    assert len(titles.split("\n")) < 12


def test_a_program_has_its_standard_streams_and_nothing_else_open(cage: Cage) -> None:
    descriptors = said(cage, "for one in /proc/self/fd/*; do readlink $one; done; ls /proc/self/fd")
    assert descriptors.split()[-4:] == ["0", "1", "2", "3"]  # the last is the folder itself
    assert "socket:" not in descriptors


def test_no_file_of_this_machine_is_there(cage: Cage) -> None:
    here = Path(__file__)
    assert ran(cage, f"ls {here}")[0] == 2
    mounts = [line.split() for line in said(cage, "cat /proc/1/mounts").splitlines()]
    assert [fields[1] for fields in mounts if str(Path.home()) in fields[1]] == []
    assert ran(cage, "ls -A /mnt /media /srv | grep -v :")[1].split() == []


def test_no_network_is_there_but_its_own(cage: Cage) -> None:
    assert said(cage, "ls /sys/class/net").split() == ["lo"]


def test_every_program_has_the_five_capabilities_and_no_way_to_more(cage: Cage) -> None:
    fields = dict(line.split(":\t", 1) for line in said(cage, "cat /proc/self/status").splitlines())
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    sets = {name: int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")}
    assert {bin(one).count("1") for one in sets.values()} == {len(CAGE_CAPABILITIES)}
    assert int(fields["CapAmb"], 16) == 0


@pytest.mark.parametrize(
    "command",
    [
        "unshare --user true",
        "unshare --mount true",
        "mount -t tmpfs none /tmp",
        "umount /tmp",
        "chroot / true",
        "nsenter --target 1 --net true",
        "hostname elsewhere",
        "date -s 2012-01-10",
        "mknod /tmp/disk b 254 0",
        "ip link set lo mtu 9000",
    ],
)
def test_what_an_administrator_may_do_is_refused(cage: Cage, command: str) -> None:
    status, output = ran(cage, command)
    assert status not in (0, None), output
    assert any(words in output for words in ("not permitted", "denied", "must be")), output


@pytest.mark.parametrize(
    "path", ["/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/sys/kernel/mm/ksm/run"]
)
def test_no_setting_of_the_kernels_can_be_written(cage: Cage, path: str) -> None:
    status, output = ran(cage, f"echo 0 >{path}")
    assert status != 0
    assert "Read-only" in output or "denied" in output or "nonexistent" in output, output


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/keys", "/proc/timer_list"])
def test_what_tells_of_the_machine_is_empty(cage: Cage, path: str) -> None:
    assert said(cage, f"cat {path} 2>&1 | grep -v 'No such file' | wc -c") == "0\n"


def test_the_way_is_open_for_what_a_gateway_forwards(cage: Cage) -> None:
    assert said(cage, "cat /proc/sys/net/ipv4/ip_forward") == "1\n"


def test_devices_are_those_that_lead_nowhere(cage: Cage) -> None:
    assert said(cage, "head -c 4 /dev/zero | od -An -tx1").split() == ["00"] * 4
    devices = said(cage, "find /dev -type b").split()
    assert devices == []


# Limits


def test_a_file_grows_to_its_limit_and_no_further(engine: Engine) -> None:
    with caged(engine, Limits(file_size=1 << 20)) as cage:
        status, output = ran(cage, "head -c 2000000 /dev/zero >/tmp/file")
        assert status != 0, output
        assert said(cage, "stat -c %s /tmp/file") == f"{1 << 20}\n"


def test_a_disk_holds_what_it_is_meant_to_and_no_more(engine: Engine) -> None:
    with caged(engine, Limits(writable_size=1 << 20)) as cage:
        status, output = ran(cage, "head -c 2000000 /dev/zero >/tmp/file")
        assert status != 0
        assert "No space left" in output


EATING = "a = {} for i = 1, 4096 do a[i] = string.rep(string.char(i % 256) .. i, 131072) end"


def test_who_eats_more_memory_than_its_own_is_killed(engine: Engine) -> None:
    with caged(engine, Limits(memory=128 << 20)) as cage:
        done = cage.run(["luajit", "-e", EATING], PATIENCE)
        assert done.exit == 137, done.output
        assert said(cage, "echo still here") == "still here\n"


def test_there_are_no_more_processes_than_allowed(engine: Engine) -> None:
    """At once under Docker, after a look of the warden's in a sandbox."""
    with caged(engine, Limits(processes=40)) as cage:
        many = "(i=0; while [ $i -lt 200 ]; do sleep 10 & i=$((i + 1)); done)"
        ran(cage, f"{many} 2>/dev/null; true")
        deadline = Deadline(PATIENCE)
        while not 30 < (count := len(ran(cage, "echo /proc/[0-9]*")[1].split())) <= 42:
            assert deadline.left, count


def test_who_kills_all_it_can_kills_its_own_cage_alone(engine: Engine, cage: Cage) -> None:
    with caged(engine) as other:
        ran(other, "kill -9 -1; sleep 1")
        assert said(cage, "echo here") == "here\n"


def test_cages_side_by_side_do_not_see_each_other(engine: Engine, cage: Cage) -> None:
    with caged(engine) as other:
        assert said(other, "echo mine >/tmp/mine; ls /tmp") == "mine\n"
        assert said(cage, "ls /tmp") == ""


# Images


def test_a_directory_of_the_image_is_an_archive(cage: Cage) -> None:
    assert _names(cage.image_files("/etc/nginx"))[0].startswith("nginx")
    assert "nginx/mime.types" in _names(cage.image_files("/etc/nginx"))


def _names(archive: bytes) -> Sequence[str]:
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getnames()


def test_an_image_that_is_not_there_is_named(engine: Engine) -> None:
    with pytest.raises(LabError, match="has no such image: No such image: headgate-tests/none"):
        engine.cage("headgate-tests/none", WRITABLE, Limits())


def test_the_record_names_the_engine_its_kernel_and_both_images(engine: Engine) -> None:
    facts = engine.facts()
    assert facts["engine"].startswith(("docker ", "sandbox "))
    assert facts["kernel"] == os.uname().release
    assert facts[GATEWAY].startswith("sha256:")
