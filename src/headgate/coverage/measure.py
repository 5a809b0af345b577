"""The second pass: a marked copy of the candidate in the lab that has judged it.

Nothing that it does is judged, and whatever becomes of it, the verdict on the candidate stays.
"""

from __future__ import annotations

import random
import shlex
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count

from headgate.candidate import Candidate
from headgate.coverage import luahook
from headgate.coverage.copy import LOG, Copy, copy_of
from headgate.coverage.coverage import Coverage
from headgate.coverage.figures import SAID, coverage_of
from headgate.coverage.sample import MOST_OTHERS, ordinary, sampled
from headgate.engines.engine import Deadline
from headgate.errors import HeadgateError, NotJudged
from headgate.feeds import LATE, Change
from headgate.lab.gateway import Gateway
from headgate.lab.lab import CONCURRENCY, Lab
from headgate.numbers import mask_numbers
from headgate.policy import Policy
from headgate.population import Population
from headgate.request import Connection

# How many visits are made in each state of the sessions that is not the ordinary one.
IN_EACH_STATE = 16
# How often they are made where a store hangs up on what is used again: it does so at the fourth
# question at the latest (agents/store.py).
USED_AGAIN = 4
# Seconds that a handset waits: what a gateway does when nobody waits any more, it does as well.
PATIENCE = 1.2
# Connections that are carried out in one go; and many times what all of them take, in seconds: no
# gateway that hangs is waited for in earnest.
AT_A_TIME, LONGEST = 400, 15.0


@dataclass(frozen=True)
class Told:
    """What a marked copy has told by its end: lines of nginx's log and of Lua's own. `why` says why
    nothing is known; it is empty where something is."""

    nginx: bytes = b""
    lua: bytes = b""
    requests: int = 0
    seconds: float = 0.0
    why: str = ""


def told(
    lab: Lab,
    candidate: Candidate,
    population: Population,
    policy: Policy,
    sent: Sequence[Connection],
    rng: random.Random,
    copies: int = 1,
    turns: Iterable[int] | None = None,
) -> Told:
    """What a copy tells of these connections, which were sent to the candidate before.

    Of so many `copies` each is visited in the further states whose places it takes from `turns`;
    without that, in all of them."""
    began = time.monotonic()
    try:
        copy = copy_of(candidate)
        with lab.gateway(copy.candidate, population.sessions) as gateway:
            passing = _Pass(lab, gateway, population)
            passing.send(sampled(sent, rng, MOST_OTHERS // copies))
            agreed = ordinary(
                sent,
                population.agreed,
                IN_EACH_STATE,
                lambda host: policy.site_for(host) is not None,
                rng,
            )
            passing.in_each_state(agreed, count() if turns is None else turns)
            nginx, lua = _logs(copy, gateway)
    except HeadgateError as error:
        reason = error.reason if isinstance(error, NotJudged) else str(error)
        return Told(why=mask_numbers(reason.partition("\n")[0]))
    return Told(nginx, lua, passing.requests, time.monotonic() - began)


def measured(candidate: Candidate, copies: Sequence[Told]) -> Coverage:
    """What was entered in the candidate, as its copies have told. Where that is not known of one,
    the coverage says why."""
    for one in copies:
        if one.why:
            return Coverage(why=one.why)
    nginx, lua = b"".join(one.nginx for one in copies), b"".join(one.lua for one in copies)
    return replace(
        coverage_of(copy_of(candidate), nginx, lua),
        requests=sum(one.requests for one in copies),
        seconds=max(one.seconds for one in copies),
    )


class _Pass:
    """Requests through the copy, in each state that sessions can be in."""

    def __init__(self, lab: Lab, gateway: Gateway, population: Population) -> None:
        self._lab = lab
        self._gateway = gateway
        self._population = population
        self._deadline = Deadline(LONGEST)
        self.requests = 0

    def in_each_state(self, agreed: Sequence[Connection], turns: Iterable[int]) -> None:
        """Make these visits in those of the states whose places are taken."""
        states: list[Callable[[Sequence[Connection]], None]] = [self._passed_on]
        # One that is late enters nothing that the store enters in no time.
        faults = [one for one in self._gateway.faults if one != LATE]
        states += [partial(self._disturbed, fault) for fault in faults]
        for at in turns if agreed else ():
            if at >= len(states):
                return
            states[at](agreed)

    def _passed_on(self, agreed: Sequence[Connection]) -> None:
        """Their addresses pass to others, to nobody, and back."""
        handsets = sorted({one.handset for one in agreed})
        others: Change = dict(zip(handsets, self._population.spare, strict=False))
        sessions = self._population.sessions
        back: Change = {address: sessions[address] for address in handsets}
        for change in (others, dict.fromkeys(handsets), back):
            self._gateway.attach(change)
            self.send(agreed)

    def _disturbed(self, fault: str, agreed: Sequence[Connection]) -> None:
        with self._gateway.disturbed(fault):
            for _ in range(USED_AGAIN if self._gateway.in_doubt else 1):
                self.send(agreed)
        self.send(agreed)  # what is kept in mind from before meets what is new

    def send(self, connections: Sequence[Connection]) -> None:
        requests = list(chain.from_iterable(one.requests for one in connections))
        self._lab.know(dict.fromkeys(one.host for one in requests if one.host))
        self._lab.answer_with({one.token: one.answer for one in requests if one.answer})
        for start in range(0, len(connections), AT_A_TIME):
            if not self._deadline.left:
                raise NotJudged(f"{self.requests} requests took more than {LONGEST:.0f} seconds")
            batch = connections[start : start + AT_A_TIME]
            exchanging = self._lab.exchanging(
                self._gateway, batch, concurrency=CONCURRENCY, patience=PATIENCE
            )
            exchanging()
            self.requests += sum(len(one.requests) for one in batch)
        self._lab.answer_ordinarily()


def _logs(copy: Copy, gateway: Gateway) -> tuple[bytes, bytes]:
    """What nginx and Lua have written by the copy's end."""
    gateway.stop()
    gateway.assert_room()  # what could not be written any more would seem not to have been entered
    folder = f"{copy.candidate.spec.install}/{luahook.FOLDER}"
    log = shlex.quote(f"{folder}/{LOG}")
    nginx = _looked(gateway, f"grep -aoE {shlex.quote(SAID)} {log} | LC_ALL=C sort -u")
    lua = _looked(gateway, f"cat {shlex.quote(f'{folder}/{luahook.LOG}')}") if copy.chunks else b""
    if copy.marks and not nginx:
        raise NotJudged("this nginx writes no debug log")
    return nginx, lua


def _looked(gateway: Gateway, command: str) -> bytes:
    status, told, words = gateway.look(command)
    if status:
        raise NotJudged(f"the marks cannot be read: {words.decode('utf-8', 'replace').strip()}")
    return told
