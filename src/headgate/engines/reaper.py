"""Removes what a killed harness has left behind.

Started with the session's id, in a session of its own, so that a signal to the harness's group
does not reach it. It waits on a pipe from the harness: a word on it means that all has ended well,
its end without a word that the harness is dead.
"""

from __future__ import annotations

import contextlib
import sys
import time

# A request that the harness had under way when it died may still make a container.
_LATE = 1.5
_BETWEEN = 0.1


def main(session: str) -> None:
    if sys.stdin.buffer.read(1):
        return
    reap(session)


def reap(session: str) -> None:
    """Remove every container of the session, until none has appeared for a while."""
    import docker
    import docker.errors

    from headgate.engines.docker_engine import SESSION_LABEL

    client = docker.from_env()
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _LATE:
        label = f"{SESSION_LABEL}={session}"
        for container in client.api.containers(all=True, filters={"label": label}):
            with contextlib.suppress(docker.errors.APIError):
                client.api.remove_container(container["Id"], force=True, v=True)
            quiet_since = time.monotonic()
        time.sleep(_BETWEEN)  # the engine's events do not tell of requests still on their way


if __name__ == "__main__":
    main(sys.argv[1])
