"""A gateway of its own to try things on: one cage, in which one config after another is started.

A restart in a warm cage takes 70 ms and a reload 220, of which nginx sleeps 100
(`ngx_master_process_cycle`); and it begins with empty memory, so that no trial shows in the next.
"""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from headgate import tokens
from headgate.candidate import Candidate
from headgate.disclosure import Disclosure
from headgate.engines.engine import Deadline
from headgate.errors import NotJudged
from headgate.feeds import Change
from headgate.gate.ground import Ground
from headgate.lab.gateway import Gateway
from headgate.numbers import Subscriber
from headgate.request import Connection, Outcome, Request
from headgate.trial import Trial
from headgate.zones import zone_at

# Seconds: what comes up does so in a twentieth of the first; what answers, in a hundredth of the
# second.
STARTING = 3.0
PATIENCE = 0.5
LOOK_EVERY = 0.004

# The start command again and again, in the time zone that a file names: whoever ends the gateway
# has it started anew.
ZONE = "headgate-zone"
_ONCE = 'if [ -s "$0" ]; then TZ=$(cat "$0") "$@"; else "$@"; fi'
_FOREVER = ("sh", "-c", f"while :; do {_ONCE}; sleep 0.002; done")


@dataclass(frozen=True)
class Reply:
    """What came of one connection. `rightly` says that a permitted site got the number."""

    outcomes: tuple[Outcome, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    rightly: bool = False

    @property
    def arrived(self) -> bool:
        """Whether each of its requests did."""
        return bool(self.outcomes) and all(one.arrived for one in self.outcomes)

    @property
    def answered(self) -> bool:
        """Whether it is known what became of each: it arrived, or was refused."""
        return bool(self.outcomes) and all(one.arrived or one.refused for one in self.outcomes)

    def shows(self, kind: str, where: str) -> bool:
        return any((one.kind, one.where) == (kind, where) for one in self.disclosures)


class Bench:
    """`tagged` are the tokens of requests in which they are told by, and so have to be new."""

    def __init__(self, ground: Ground, candidate: Candidate, gateway: Gateway) -> None:
        self.ground = ground
        self.restarts = 0
        self.tagged: set[str] = set()
        self._gateway = gateway
        self._files = dict(candidate.files)
        self._zone: dict[str, bytes] = {}
        self._trial = Trial(ground.lab, gateway)
        self._rng = random.Random(f"{ground.seed} explained")

    # Configs

    def run(self, files: Mapping[str, bytes], *, anew: bool = False) -> bool:
        """Have the gateway run with these files in place of those it has: start it again where they
        differ, or in any case if `anew`. False when it does not come up with them."""
        files = {**files, **self._zone}
        changed = {path: data for path, data in files.items() if self._files.get(path) != data}
        gone = [path for path in self._files if path not in files]
        if not changed and not gone and not anew:
            return True
        self._gateway.install(changed)
        self._remove(gone)
        self._files = dict(files)
        self.restarts += 1
        return self._restarted()

    def at_hour(self, hour: int | None) -> bool:
        """Have it run where it is this hour now, or in its own time zone, as `run` does."""
        self._zone = {} if hour is None else {ZONE: zone_at(hour).encode()}
        return self.run({path: data for path, data in self._files.items() if path != ZONE})

    def _remove(self, paths: Sequence[str]) -> None:
        install = self._gateway.candidate.spec.install
        for path in paths:
            quoted = str(install / path).replace("'", "'\\''")
            self._gateway.look(f"rm -f -- '{quoted}'")

    def _restarted(self) -> bool:
        said = self._complaints()
        before = self._end()
        deadline = Deadline(STARTING)
        while deadline.left:
            if self._is_up(before):
                return True
            if self._complaints() != said:
                return False
            self._gateway.wait(LOOK_EVERY)
        return False

    def _end(self) -> set[int]:
        """Ask the gateway to end; its processes."""
        processes = self._gateway.processes()
        for one in processes:
            if one.title.startswith("nginx: master"):
                self._gateway.tell(one, signal.SIGTERM)
        return {one.pid for one in processes if one.title.startswith("nginx: ")}

    def _is_up(self, before: set[int]) -> bool:
        there = self._gateway.processes()
        old = any(one.pid in before for one in there)
        return not old and any(one.is_worker for one in there) and self._gateway.listens

    def _complaints(self) -> int:
        streams = self._gateway.log.streams
        return sum(data.count(b"[emerg]") for data in streams.values())

    # Requests

    def ask(self, connections: Sequence[Connection], tries: int = 0) -> list[Reply]:
        """Send these, all at once, and judge what comes of each; of a gateway that does not serve,
        nothing."""
        asked = [self._anew(one) for one in connections]
        try:
            observed = self._trial.send(asked, tries=tries)
        except NotJudged:
            return [Reply() for _ in asked]
        outcomes = {one.request.token: one for one in observed.outcomes}
        first = asked[0].requests
        if len(asked) == len(first) == 1 and observed.strays:
            whole = outcomes[first[0].token]
            received = [one for one in observed.strays if one.kind in ("http", "https")]
            outcomes[first[0].token] = replace(whole, receipts=[*whole.receipts, *received])
        return [
            self._reply(
                tuple(outcomes[one.token] for one in each.requests if one.token in outcomes)
            )
            for each in asked
        ]

    @contextlib.contextmanager
    def held_by(self, change: Change) -> Iterator[None]:
        """For a while some addresses are held otherwise. NotJudged as ever."""
        before = {address: self._gateway.sessions.get(address) for address in change}
        self._gateway.attach(change)
        try:
            yield
        finally:
            self._gateway.attach(before)

    def _reply(self, outcomes: tuple[Outcome, ...]) -> Reply:
        judge = self.ground.judge
        disclosures = tuple(judge.outcomes(outcomes))
        return Reply(outcomes, disclosures, all(map(judge.disclosed_rightly, outcomes)))

    def _anew(self, connection: Connection) -> Connection:
        """The same connection for the books of a trial, which know a request by its token. The
        bytes stay, and what became of them is told by the site's answer; where a site is to answer
        in its own way, it has to know the token."""
        told = connection.manner
        patience = min(told.patience or PATIENCE, PATIENCE)
        manner = replace(told, patience=patience, stays=False, goes_on=False)
        requests = tuple(self._named_anew(one) for one in connection.requests)
        return replace(connection, requests=requests, manner=manner)

    def _named_anew(self, request: Request) -> Request:
        token, raw = tokens.draw(self._rng), request.raw
        if request.answer or request.token in self.tagged:
            while len(token) != len(request.token):
                token = tokens.draw(self._rng)
            raw = raw.replace(request.token.encode(), token.encode())
        return replace(request, token=token, raw=raw)


@contextlib.contextmanager
def bench_for(
    ground: Ground, candidate: Candidate, guests: Mapping[str, Subscriber] | None = None
) -> Iterator[Bench]:
    """Start a candidate in a cage in which it can be started again; guests hold addresses beside
    the population. NotJudged as ever."""
    spec = candidate.spec
    start = (*_FOREVER, str(spec.install / ZONE), *spec.start)
    restarting = replace(candidate, spec=replace(spec, start=start))
    with ground.lab.gateway(
        restarting, {**ground.population.sessions, **(guests or {})}
    ) as gateway:
        yield Bench(ground, candidate, gateway)
