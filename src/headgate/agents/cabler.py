"""The cabler: joins the nodes from outside, and looks into the gateway from outside.

It shares the host's process table, so the nodes are processes to it. Nothing it reports passes
through the gateway's own programs: files are read through /proc/PID/root, sockets and processes
from /proc. A candidate has no way to answer in its place.
"""

from __future__ import annotations

import ctypes
import io
import ipaddress
import os
import re
import signal
import stat
import struct
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headgate.agents import wire

_LISTEN = "0A"
LOOKING = 30.0  # seconds

_libc = ctypes.CDLL(None, use_errno=True)
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h


def cable(links: Sequence[dict[str, Any]], setup: Sequence[dict[str, Any]]) -> None:
    """Plug the cables, then configure the ends.

    A link is `{name, ends: [pid, pid]}`, a pair of interfaces of the same name. A setup is
    `{pid, ip, nat}`: lines for `ip -batch`, and a nat table for iptables-restore or nothing.
    """
    lines = []
    for link in links:
        one, other = link["ends"]
        name = link["name"]
        lines.append(f"link add {name} netns {one} type veth peer name {name} netns {other}")
    _feed([(["ip", "-batch", "-"], lines)])
    inputs = []
    for node in setup:
        inside = ["nsenter", "--net", f"--target={node['pid']}"]
        inputs.append(([*inside, "ip", "-batch", "-"], node["ip"]))
        if node["nat"]:
            inputs.append(([*inside, "iptables-restore"], node["nat"]))
    _feed(inputs)


def unplug(ends: Sequence[dict[str, Any]]) -> None:
    """Pull cables out: `{name, pid}` each. The kernel would do it too, but in its own time, and the
    next gateway's cables have the same names."""
    pulling = []
    for end in ends:
        inside = ["nsenter", "--net", f"--target={end['pid']}"]
        pulling.append(subprocess.Popen([*inside, "ip", "link", "delete", end["name"]]))
    for process in pulling:
        process.wait()


def _feed(inputs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Run programs beside one another, each with its lines on standard input."""
    running = [(_started(argv, lines), lines) for argv, lines in inputs]
    for process, lines in running:
        _, words = process.communicate()
        if process.returncode:
            raise OSError(f"{lines} {process.args!r}: {words.strip()}")


def _started(argv: Sequence[str], lines: Sequence[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    # Less than a pipe holds, so that nobody waits here.
    process.stdin.write("".join(f"{line}\n" for line in lines))
    process.stdin.close()
    process.stdin = None
    return process


def install(pid: int, path: str, archive: bytes) -> None:
    """Unpack a tar archive over a directory of a node.

    In a child with the node's own root: a link that a gateway has laid leads nowhere else.
    """
    child = os.fork()
    if not child:
        status = 1
        try:
            os.chroot(f"/proc/{pid}/root")
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                for member in tar:
                    _unpack(tar, member, path)
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise OSError(f"could not install below {path}")


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    target = Path(path, member.name)
    if target.is_symlink():
        target.unlink()  # what is laid over a link replaces the link, not what it points to
    # By number: to look up a name, libraries would be loaded that stand below the new root.
    tar.extract(member, path, numeric_owner=True)


def read(pid: int, paths: Sequence[str], limit: int) -> dict[str, Any]:
    """Every file below the paths: `{files: [[path, mode, bytes or None]], left: [path]}`.

    Links are not followed, and are given with their target as content. Files past `limit` bytes
    in all are named in `left`, unread.
    """
    files: list[list[Any]] = []
    left: list[str] = []
    root = f"/proc/{pid}/root"
    for path in paths:
        for folder, folders, names in os.walk(root + path):
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in sorted([*names, *links]):
                full = os.path.join(folder, name)
                data, mode = _content(full, limit)
                shown = full.removeprefix(root)
                if data is None:
                    left.append(shown)
                else:
                    limit -= len(data)
                    files.append([shown, mode, data])
    return {"files": files, "left": left}


def _content(path: str, limit: int) -> tuple[bytes | None, int]:
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            return os.readlink(path).encode(), status.st_mode
        if not stat.S_ISREG(status.st_mode):
            return b"", status.st_mode
        if status.st_size > limit:
            return None, status.st_mode
        return Path(path).read_bytes(), status.st_mode
    except FileNotFoundError:
        return b"", 0


def space(pid: int, paths: Sequence[str]) -> list[dict[str, Any]]:
    """How full the file systems at the paths are, in bytes."""
    result = []
    for path in paths:
        vfs = os.statvfs(f"/proc/{pid}/root{path}")
        size, free = vfs.f_blocks * vfs.f_frsize, vfs.f_bavail * vfs.f_frsize
        result.append({"path": path, "size": size, "free": free, "inodes_free": vfs.f_ffree})
    return result


def is_there(pid: int) -> bool:
    """Whether a node's first process lives; of one that has ended nothing but its entry is left."""
    try:
        return bool(os.readlink(f"/proc/{pid}/ns/pid"))
    except FileNotFoundError:
        return False


def processes(pid: int) -> list[dict[str, Any]]:
    """The processes in a node's process namespace: pid, parent, uids, title, when started."""
    space = os.readlink(f"/proc/{pid}/ns/pid")
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") == space:
                found.append(_process(int(entry)))
        except OSError:
            continue  # it ended while we looked
    return found


def _process(pid: int) -> dict[str, Any]:
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.M))
    title = (
        Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    )
    # The 22nd field of stat is the start time; the second may hold spaces and brackets.
    started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return {
        "pid": pid,
        "parent": int(fields["PPid"]),
        "uids": [int(uid) for uid in fields["Uid"].split()],
        "capabilities": int(fields["CapEff"], 16),
        "no_new_privileges": fields["NoNewPrivs"] == "1",
        "state": fields["State"][0],
        "title": title.strip(),
        "started": int(started),
    }


def sockets(pid: int) -> list[list[Any]]:
    """The listening TCP sockets of a node: [address, port], of both families."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                address, port = fields[1].split(":")
                found.add((_readable(address), int(port, 16)))
    return [list(one) for one in sorted(found)]


def _readable(address: str) -> str:
    """/proc/net writes addresses as host-order words in hex."""
    words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
    raw = b"".join(words)
    if len(raw) == 4:
        return ".".join(map(str, raw))
    return str(ipaddress.IPv6Address(raw))


def counted(pid: int, rule: str) -> int:
    """How many packets a rule of a node's filter has matched; rules are as iptables-save has
    them."""
    inside = ["nsenter", "--net", f"--target={pid}"]
    command = [*inside, "iptables-save", "-c", "-t", "filter"]
    saved = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    (line,) = (one for one in saved.splitlines() if one.endswith(f"] {rule}"))
    return int(line[1:].partition(":")[0])


def look(pid: int, argv: Sequence[str]) -> dict[str, Any]:
    """Run a program of the node's image inside the node, as an onlooker.

    The program may be one that a candidate has put there: it gets no power, no channel to anybody
    but its output, and not for ever.
    """
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LOOKING,
        cwd="/",
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        preexec_fn=lambda: _go_inside(pid),
    )
    return {"exit": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def _go_inside(pid: int) -> None:
    """Become a powerless process of a node, in a child of this one: a namespace of processes takes
    in children alone."""
    for space in ("net", "pid", "mnt"):
        with open(f"/proc/{pid}/ns/{space}") as file:
            _succeed(_libc.setns(file.fileno(), 0))
    if child := os.fork():
        os.closerange(3, 1024)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF)
    os.chdir("/")
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _succeed(_libc.capset(header, bytes(24)))
    # Without it root would get them back with the next program (capabilities(7)).
    _succeed(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _succeed(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    os.kill(pid, number)


if __name__ == "__main__":
    handlers: dict[str, wire.Handler] = {
        "cable": cable,
        "unplug": unplug,
        "install": install,
        "read": read,
        "space": space,
        "is_there": is_there,
        "processes": processes,
        "sockets": sockets,
        "counted": counted,
        "look": look,
        "kill": kill,
    }
    wire.run(wire.serve(handlers))
