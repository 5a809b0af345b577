"""What a scenario talks to: one candidate's gateway, its visitors, and what has been seen.

Steps stay thin because the work is here: a visit sends a whole matrix of requests, judges what
arrived, and remembers every disclosure, whether or not the scenario's last step asks for it.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from headgate.candidate import Candidate, digest_of_sums
from headgate.coverage.measure import Told, told
from headgate.detector import Scanner
from headgate.disclosure import Disclosure
from headgate.engines.engine import Deadline
from headgate.errors import InputError, NotJudged
from headgate.families import families
from headgate.feeds import Change
from headgate.flow import Crossing
from headgate.gate.comparing import compared
from headgate.gate.ground import Ground
from headgate.gate.portion import Portion
from headgate.gate.visit import Record, Visit, together
from headgate.gateway_spec import FileSessions
from headgate.judge import Judge
from headgate.lab.gateway import Gateway
from headgate.lab.log import complaints
from headgate.lasting import jar, kept, resumed
from headgate.numbers import Subscriber
from headgate.plan import Plan, repeated
from headgate.reading.aim import Aim
from headgate.reading.aiming import aims_of
from headgate.request import Connection, Request
from headgate.shuffling import shuffled
from headgate.tally import Tally
from headgate.trial import Observation, Trial

if TYPE_CHECKING:
    from testinfra.host import Host

# How many visits are made before it is asked again whether what befalls the gateway is over.
AT_A_TIME = 96

# Many times what a run takes, in seconds: a gateway that is slower than that is not waited for.
LONGEST = 180.0


class Gate:
    """One candidate, running in the lab, under one policy."""

    def __init__(self, ground: Ground, candidate: Candidate, gateway: Gateway) -> None:
        self.candidate = candidate
        self.policy = ground.policy
        self.gateway = gateway
        self.population = ground.population
        self.record = Record()
        self.tally = Tally(ground.policy, ground.judge)
        self._lab = ground.lab
        self._trial = Trial(ground.lab, gateway)
        self._rng = random.Random(f"{ground.seed} requests")
        self._seed = ground.seed
        self._address_of = ground.lab.internet.address
        self._judge = ground.judge
        self._stopped = False
        self._crossing: Crossing | None = None
        self._last: Visit | None = None
        self._given_up: NotJudged | None = None
        self._deadline = Deadline(LONGEST)
        self._changed_at = -math.inf
        # Who came for the sake of what the config asks about.
        self.guests: dict[str, Subscriber] = {}
        # Told of all that is observed, before it is judged.
        self.observers: list[Callable[[Observation], None]] = []
        # Told at the last moment at which the lab still has what it recorded.
        self.farewells: list[Callable[[Gate], None]] = []
        # What other gates have seen of the same candidate.
        self._portions: list[Portion] = []

    def begin(self, scenario: str) -> None:
        """What a scenario draws is its own and the seed's, whatever came before it."""
        self._rng = random.Random(f"{self._seed} {scenario}")

    # Visitors

    @property
    def agreed(self) -> list[str]:
        return list(self.population.agreed)

    @property
    def refused(self) -> list[str]:
        return list(self.population.refused)

    @property
    def nobody(self) -> list[str]:
        return list(self.population.nobody)

    # Visits

    def plan(self, categories: Iterable[str] | None = None) -> Plan:
        """What the families draw from; the sites of these categories, or all."""
        wanted = set(self.policy.categories if categories is None else categories)
        sites = [site for site in self.policy.sites if site.category in wanted]
        return Plan(
            self.policy,
            sites,
            self.candidate.spec,
            self.population,
            self._rng,
            self._address_of,
            self.gateway.side_doors,
            self.aims,
        )

    @cached_property
    def aims(self) -> Sequence[Aim]:
        """What the candidate's config asks about; nothing, where it is none of nginx's."""
        try:
            return aims_of(self.candidate, random.Random(f"{self._seed} aims"))
        except InputError:
            return ()

    @property
    def judge(self) -> Judge:
        """Whoever judges what arrives; guests' numbers are known too."""
        return self._judge

    @property
    def trial(self) -> Trial:
        """What was sent through this gateway."""
        return self._trial

    def visit(
        self,
        *family_ids: str,
        by: Sequence[str],
        categories: Iterable[str] | None = None,
        least: int = 0,
        most: int | None = None,
    ) -> Visit:
        """Send what the families draw up (`most` of the connections, at random), by these handsets,
        and judge what arrived. With `least`, they go on until a fault could have shown in so many
        requests."""
        connections = self._drawn(self.plan(categories), family_ids, by, least)
        if most is None:
            return self.send(connections)
        every = list(connections)
        return self.send(self._rng.sample(every, min(most, len(every))))

    def _drawn(
        self, plan: Plan, family_ids: Iterable[str], by: Sequence[str], least: int
    ) -> Iterator[Connection]:
        generates = [families()[one].generate for one in family_ids]
        return repeated(generates, plan, by, least, partial(self._could_tell, plan))

    def _could_tell(self, plan: Plan, request: Request) -> bool:
        """Whether nobody may learn anything from this request, or its address has just passed to
        somebody else."""
        holder = self.gateway.sessions.get(request.handset)
        changed = holder != self.population.sessions.get(request.handset)
        return changed or not self._judge.agreed(holder) or plan.may_learn_nothing(request)

    def send(self, connections: Iterable[Connection]) -> Visit:
        """Send these very connections, in random order, and judge what arrived."""
        if self._stopped:
            raise NotJudged("the gateway has been stopped already")
        if self.gateway.in_doubt:
            connections = map(Connection.without_obligation, connections)
        drawn = shuffled(connections, self._rng)
        self._let_old_state_pass()
        with self._serving(), contextlib.closing(self._trial.observe(drawn)) as parts:
            visit = together([self._judged(part) for part in parts])
            self.gateway.assert_room()
        if not visit.outcomes:
            raise NotJudged("a scenario has nothing to send")
        return visit

    def visit_during(self, action: Callable[[], None], by: Sequence[str]) -> Visit:
        """Visit permitted and ordinary sites again and again while something befalls the gateway,
        and once more when it is over."""
        at_last = self._rng.random()  # however much is drawn before, as time will have it
        with self._serving(), ThreadPoolExecutor(1) as beside:
            befalling = beside.submit(action)
            visits = [self.visit("permitted", "ordinary", by=by, most=AT_A_TIME)]
            while not befalling.done():
                visits.append(self.visit("permitted", "ordinary", by=by, most=AT_A_TIME))
            with self._serving():
                befalling.result()
        self._rng.seed(at_last)
        return together([*visits, self.visit("permitted", "ordinary", by=by)])

    @contextlib.contextmanager
    def _serving(self) -> Iterator[None]:
        """A gateway that has failed once is not waited for again, scenario by scenario."""
        if self._given_up:
            raise NotJudged(self._given_up.reason, self._given_up.words)
        if not self._deadline.left:
            raise NotJudged(
                f"takes too long: only {self._trial.sent} requests in {LONGEST:.0f} seconds"
            )
        try:
            yield
        except NotJudged as error:
            self._given_up = error
            self._judged(self._trial.rest())  # a number that was seen stays seen
            raise

    def _judged(self, observed: Observation) -> Visit:
        for tell in self.observers:
            tell(observed)
        families = {outcome.request.family for outcome in observed.outcomes}
        beside = families.pop() if len(families) == 1 else ""
        disclosures = [
            *self._judge.outcomes(observed.outcomes),
            *self._judge.strays(observed.strays, beside),
        ]
        self._remember(observed, disclosures)
        reached = {receipt.site for one in observed.outcomes for receipt in one.receipts}
        ordinary = frozenset(site for site in reached if not self.policy.site_for(site))
        return Visit(observed.outcomes, disclosures, ordinary)

    def _remember(self, observed: Observation, disclosures: Sequence[Disclosure]) -> None:
        record = self.record
        record.disclosures += disclosures
        record.requests = self._trial.sent
        self.tally.add(observed.outcomes, observed.strays, disclosures)
        for outcome in observed.outcomes:
            record.handsets.add(outcome.request.handset)
            record.sites.update(receipt.site for receipt in outcome.receipts)
            record.arrived += outcome.arrived and outcome.request.binding
            record.disclosed_rightly += self._judge.disclosed_rightly(outcome)
            if self._judge.unproved(outcome):
                record.unproved.append(outcome)

    # Sessions

    @contextlib.contextmanager
    def joined_by(self, guests: Mapping[str, Subscriber]) -> Iterator[None]:
        """For a while further subscribers are attached; their numbers are looked for ever after."""
        before = self.population
        if guests:
            self.population = before.joined_by(guests)
            self._know(guests)
            self.attach(guests)
        try:
            yield
        finally:
            self.population = before
            if guests:
                self.attach({address: before.sessions.get(address) for address in guests})

    def _know(self, guests: Mapping[str, Subscriber]) -> None:
        self.guests |= guests
        known = {one.msisdn: one for one in (*self.population.subscribers, *self.guests.values())}
        self._judge = Judge(self.policy, Scanner(known.values()))

    @contextlib.contextmanager
    def _changed(self, change: Change) -> Iterator[list[str]]:
        """For a while some addresses are held otherwise; afterwards everyone has the old one.

        Shortly before the change they visit permitted and ordinary sites: what a gateway keeps in
        mind for longer than it may shows only where it has something in mind. After it they go on,
        on the connections that they have and with the cookies that they were given.
        """
        before = list(families()["alternating"].generate(self.plan(), list(change)))
        before = self._rng.sample(before, min(len(change), len(before)))
        visit = self.send(kept(before))
        self.attach(change)
        # A connection opened before a reload belongs to the old workers, and their file.
        if not isinstance(self.candidate.spec.sessions, FileSessions):
            self.send(resumed(self.plan(), before, jar(visit.outcomes)))
        try:
            yield list(change)
        finally:
            sessions = self.population.sessions
            self.attach({address: sessions[address] for address in change})

    def attach(self, change: Change) -> None:
        """Addresses are held so from now on."""
        with self._serving():
            self.gateway.attach(change)
        self._changed_at = time.monotonic()

    def _let_old_state_pass(self) -> None:
        """Until the policy's `staleness` is over, a request may follow the old state or the new
        one, so nothing can be said of it. It is time itself that is awaited here."""
        left = self._changed_at + self.policy.staleness - time.monotonic()
        if left > 0:
            time.sleep(left)
            self._deadline.extend(left)

    def handed_over(self) -> contextlib.AbstractContextManager[list[str]]:
        """Addresses of agreed handsets pass to subscribers who held none before."""
        return self._changed(dict(zip(self.agreed, self.population.spare, strict=False)))

    def detached(self) -> contextlib.AbstractContextManager[list[str]]:
        """A few subscribers hang up; nobody holds their addresses then."""
        return self._changed(dict.fromkeys(self.agreed[::3]))

    def withdrawn(self) -> contextlib.AbstractContextManager[list[str]]:
        """A few subscribers take their consent back."""
        people = self.population.agreed
        return self._changed({one: replace(people[one], consent=False) for one in self.agreed[::3]})

    def compare(self, most: int | None = None) -> Visit:
        """Send the same requests while their addresses are held by one subscriber, by another and
        by nobody; judge what arrived, and what of it depends on the holder. With `most`, only so
        many of them, and only until one thing is proven to depend. Everyone has their old address
        afterwards."""
        return compared(self, self._rng, most)

    def observed(self, act: Callable[[], Observation]) -> tuple[Observation, Visit]:
        """What has come of this, and what was wrong with it."""
        self._let_old_state_pass()
        with self._serving():
            observed = act()
        return observed, self._judged(observed)

    def depend(self, depending: Sequence[tuple[Request | None, Disclosure]]) -> None:
        """Remember what a comparison has proven of these requests."""
        self.tally.depend(depending)
        self.record.disclosures += [disclosure for _, disclosure in depending]

    @contextlib.contextmanager
    def disturbed(self, trouble: str) -> Iterator[None]:
        """For a while the feed of sessions fails the gateway."""
        with self._serving(), self.gateway.disturbed(trouble):
            self._changed_at = time.monotonic()
            yield
        self._changed_at = time.monotonic()

    def start_anew(self, zone: str = "") -> None:
        """Stop the gateway and start it again, in this time zone (as `TZ` names it)."""
        with self._serving():
            self.gateway.start_anew(zone)

    def entered(self, copies: int = 1, turns: Iterable[int] | None = None) -> Told:
        """What of the candidate its requests enter, told by a copy when it has gone itself; by one
        of several, which visit it in the further states in turn (`measure.told`)."""
        if self._given_up:
            return Told(why=self._given_up.reason)
        rng = random.Random(f"{self._seed} coverage")
        sent = self._trial.connections
        people = self.population
        return told(self._lab, self.candidate, people, self.policy, sent, rng, copies, turns)

    # The gateway as installed, and what it leaves behind

    def installed_digest(self, host: Host) -> str:
        """The digest of what stands in the places of the candidate's files, seen by testinfra."""
        mine, install = self.candidate, self.candidate.spec.install
        sums = {path: host.file(str(install / path)).sha256sum for path in mine.files}
        links = {
            path: host.check_output("readlink -- %s", str(install / path)) for path in mine.links
        }
        return digest_of_sums(sums, mine.executable, links)

    def stop(self) -> Visit:
        """Stop the gateway, and judge what it still sent and what it left behind."""
        left = self._end()
        files = self._left_behind()
        said = complaints(files.values())
        self.record.errors = "\n".join(filter(None, [self.record.errors, *said]))
        residue = [one for path, data in files.items() for one in self._judge.residue(path, data)]
        self.record.disclosures += residue
        self.tally.beside(residue)
        self._assert_others_ended()
        others = [one for portion in self._portions for one in portion.left]
        return Visit(left.outcomes, [*left.disclosures, *residue, *others])

    def crossed(self) -> Visit:
        """Stop the gateway, and judge what has crossed to the outside in its life. NotJudged when
        that is not known to the byte, or is not what the sites have received."""
        self._end()
        assert self._crossing
        told = {(one.address, one.subscriber, one.form) for one in self.record.disclosures}
        crossed = [
            one
            for flow in self._crossing.flows
            for one in self._judge.flow(flow, self._trial.wrote)
            if (one.address, one.subscriber, one.form) not in told
        ]
        self.record.disclosures += crossed  # a number that was seen stays seen
        self.tally.beside(crossed)
        if doubt := self._crossing.doubt or self._crossing.sealed_by(self._trial.wrote):
            raise NotJudged(doubt)
        self._assert_others_ended()
        others = [one for portion in self._portions for one in portion.crossed]
        return Visit([], [*crossed, *others])

    @property
    def has_ended(self) -> bool:
        """Whether the gateway was stopped and what it sent looked at."""
        return self._crossing is not None

    def recording(self, most: int) -> Iterator[bytes]:
        """What has crossed to the outside, as it was captured, its first `most` bytes: gzip."""
        return self._lab.recording(most)

    def _end(self) -> Visit:
        """The gateway's last moments, however often they are asked for."""
        if self._last is None:
            self.gateway.assert_sound()
            self.gateway.stop()
            self._stopped = True
            self._crossing = self._lab.crossing(self.gateway)
            self.tally.crossed(self._crossing.flows)
            self._last = self._judged(self._trial.rest())
        return self._last

    # Several gates on one candidate

    def portion(self) -> Portion:
        """All that was seen here, for the gate that speaks for several; the gateway is ended."""
        left: Sequence[Disclosure] = ()
        crossed: Sequence[Disclosure] = ()
        doubt = None
        try:
            left = self.stop().disclosures
            crossed = self.crossed().disclosures
        except NotJudged as error:
            doubt = error
        tokens = {one.request.rpartition("/")[2] for one in self.record.disclosures}
        past = self._trial.past(tokens)
        return Portion(self.record, self.tally.counts, past, self.guests, left, crossed, doubt)

    def take(self, portion: Portion) -> None:
        """Speak for another gate on the same candidate too."""
        self._portions.append(portion)
        self.record.add(portion.record)
        self.tally.counts.add(portion.counts)
        self._trial.recall(portion.past)
        if portion.guests and portion.record.disclosures:
            self._know(portion.guests)

    def _assert_others_ended(self) -> None:
        for portion in self._portions:
            if portion.doubt:
                raise portion.doubt

    def _left_behind(self) -> dict[str, bytes]:
        install = self.candidate.spec.install
        given = {str(install / path) for path in self.gateway.provided_files}
        files = {path: data for path, data in self.gateway.written().items() if path not in given}
        return {**files, **self.gateway.log.streams}


@contextlib.contextmanager
def gate_on(ground: Ground, candidate: Candidate) -> Iterator[Gate]:
    """Start a candidate with its subscribers attached. NotJudged when it does not serve."""
    with ground.lab.gateway(candidate, ground.population.sessions) as gateway:
        yield Gate(ground, candidate, gateway)
