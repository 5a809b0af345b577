"""The differential witness tells what depends on the subscriber from what merely varies."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from tests.unit.fakes import (
    ADA,
    CAROL,
    SITES,
    outcome_of,
    plan_of,
    policy_of,
    population_of,
    receipt_of,
    request_of,
    spec_of,
)

from headgate.detector import Scanner
from headgate.differential import (
    AT,
    DEPENDS,
    FIRST_ROUNDS,
    MOST_ROUNDS,
    NOBODY,
    TELLS,
    A,
    B,
    Contrast,
    Dependence,
    Differential,
    Group,
    Suspicion,
    chance,
)
from headgate.disclosure import Disclosure
from headgate.feeds import Change
from headgate.gate.comparison import Comparison, Stage, exchange_in
from headgate.gateway_spec import GatewaySpec
from headgate.judge import Judge
from headgate.numbers import Subscriber
from headgate.probes import probes
from headgate.request import EXPLICIT, Connection, Receipt, Request
from headgate.traits import Trait
from headgate.trial import Observation

POPULATION = population_of()
EXCHANGE = exchange_in(POPULATION)
PROBES = 6
HEAD = b"GET /a?id=%b HTTP/1.1\r\nHost: %b\r\nAccept: */*\r\n%b\r\n"

Lines = Callable[["Moment"], bytes]


class Moment:
    """A request on its way through a gateway: `who` holds its address, the time, and chance."""

    def __init__(self, world: FakeWorld, request: Request) -> None:
        self.request = request
        self.who: Subscriber | None = world.sessions.get(request.handset)
        self.count: int = world.count
        self.step: int = world.changes
        self.rng: random.Random = world.rng

    @property
    def number(self) -> bytes:
        return self.who.msisdn.encode() if self.who else b""

    @property
    def alias(self) -> bytes:
        """A pseudonym in a cipher that no list of forms holds; nothing for nobody."""
        return hashlib.blake2b(b"secret" + self.number).hexdigest().encode() if self.who else b""

    @property
    def by(self) -> int:
        """A number that differs between subscribers, and is 0 for nobody."""
        return 1 + list(EXCHANGE.pairs[self.request.handset]).index(self.who) if self.who else 0

    def receipt(
        self, lines: bytes = b"", *, site: str = "", kind: str = "http", data: bytes = b""
    ) -> Receipt:
        host = site or self.request.host
        raw = data or HEAD % (self.request.token.encode(), host.encode(), lines)
        return Receipt(kind, host, "198.51.100.7", 80, raw)


Gateway = Callable[[Moment], tuple[Sequence[Receipt], Sequence[Receipt]]]
"""What a gateway makes of a request: what arrives with its token, and what without."""


class FakeWorld:
    """Sessions, and a gateway that is a function."""

    def __init__(self, gateway: Gateway, seed: int = 0) -> None:
        self.sessions: dict[str, Subscriber] = dict(POPULATION.sessions)
        self.rng = random.Random(seed)
        self.changes = 0
        self.count = 0
        self.disclosed: list[Disclosure] = []
        self.steps: list[tuple[int, str]] = []
        self._gateway = gateway

    def attach(self, change: Change) -> None:
        self.changes += 1
        for address, who in change.items():
            self.sessions.pop(address, None)
            if who:
                self.sessions[address] = who
        numbers = [who.msisdn for who in self.sessions.values()]
        assert len(set(numbers)) == len(numbers), "somebody is at two addresses"

    def send(self, connections: Sequence[Connection]) -> Observation:
        observed = Observation()
        for connection in connections:
            request = connection.requests[0]
            self.count += 1
            arrived, strays = self._gateway(Moment(self, request))
            observed.outcomes.append(outcome_of(*arrived, request=request))
            observed.strays += strays
        return observed

    @property
    def stage(self) -> Stage:
        return Stage(self.attach, self.send, Observation, lambda: self.disclosed)


def connections(count: int = PROBES) -> list[Connection]:
    handsets = list(EXCHANGE.pairs)
    return [_connection(f"token{index:07}", handsets[index], index) for index in range(count)]


def _connection(token: str, handset: str, index: int) -> Connection:
    host = f"shop{index}.example"
    raw = HEAD % (token.encode(), host.encode(), b"")
    return Connection((Request(token, "compared", handset, EXPLICIT, host, raw),), host, 80)


def compared(world: FakeWorld, count: int = PROBES) -> list[Dependence]:
    probes = connections(count)
    witness = Differential(one.requests[0] for one in probes)
    return Comparison(probes, EXCHANGE, witness, world.stage, world.rng).run()


def found(gateway: Gateway, count: int = PROBES, seed: int = 0) -> set[tuple[str, str]]:
    return {(one.form, one.where) for one in compared(FakeWorld(gateway, seed), count)}


def lines(make: Lines) -> Gateway:
    """A gateway that adds header lines."""
    return lambda moment: ([moment.receipt(make(moment))], [])


def instead(make: Callable[[Moment], bytes]) -> Gateway:
    """A gateway that sends other bytes."""
    return lambda moment: ([moment.receipt(data=make(moment))], [])


def line(name: bytes, value: bytes) -> bytes:
    return b"%b: %b\r\n" % (name, value) if value else b""


def whole(moment: Moment, **change: bytes) -> bytes:
    parts = {
        "start": b"GET /a?id=" + moment.request.token.encode() + b" HTTP/1.1",
        "fields": b"Host: x\r\nAccept: */*",
        "body": b"",
        **change,
    }
    return parts["start"] + b"\r\n" + parts["fields"] + b"\r\n\r\n" + parts["body"]


TOKEN = b"GET /a?id=%b%b HTTP/1.1"

DEPENDENT: dict[str, tuple[Gateway, str, str]] = {
    "a pseudonym under any name": (
        lines(lambda m: line(b"X-Qd7", m.alias)),
        DEPENDS,
        "header x-qd7",
    ),
    "a pseudonym that nobody has too": (
        lines(lambda m: line(b"X-Qd7", m.alias or b"none")),
        DEPENDS,
        "header x-qd7",
    ),
    "a pseudonym beside a request's id": (
        lines(lambda m: line(b"X-Id", b"r=%d, s=%b" % (m.count, m.alias))),
        DEPENDS,
        "header x-id",
    ),
    "a pseudonym behind a random part of the same length": (
        lines(lambda m: line(b"X-Id", b"%016x%b" % (m.rng.getrandbits(64), m.alias))),
        DEPENDS,
        "header x-id",
    ),
    "a header when somebody is attached": (
        lines(lambda m: line(b"X-Line", b"mobile" if m.who else b"")),
        TELLS,
        "header x-line",
    ),
    "a header when nobody is": (
        lines(lambda m: line(b"X-Guest", b"" if m.who else b"yes")),
        TELLS,
        "header x-guest",
    ),
    "random bytes, but for subscribers alone": (
        lines(lambda m: line(b"X-Seal", m.rng.randbytes(16).hex().encode() if m.who else b"")),
        TELLS,
        "header x-seal",
    ),
    "random bytes, shorter for nobody": (
        lines(lambda m: line(b"X-Seal", m.rng.randbytes(16 if m.who else 8).hex().encode())),
        TELLS,
        "header x-seal",
    ),
    "the order of header lines": (
        instead(
            lambda m: whole(m, fields=(b"Host: x\r\nAccept: y", b"Accept: y\r\nHost: x")[m.by // 2])
        ),
        DEPENDS,
        "order of the header lines",
    ),
    "the case of a name": (
        lines(lambda m: line((b"X-Via", b"x-via")[m.by // 2], b"1")),
        DEPENDS,
        "header x-via",
    ),
    "the method": (
        instead(lambda m: whole(m).replace(b"GET", (b"GET", b"PUT")[m.by // 2])),
        DEPENDS,
        "request line",
    ),
    "the path": (
        instead(lambda m: whole(m).replace(b"/a", b"/a/" + m.alias[:6])),
        DEPENDS,
        "request line",
    ),
    "a parameter": (
        instead(lambda m: whole(m).replace(b" HTTP", b"&s=" + m.alias + b" HTTP")),
        DEPENDS,
        "query",
    ),
    "the body": (instead(lambda m: whole(m, body=b"a=1&s=" + m.alias)), DEPENDS, "body"),
    "how often it arrives": (
        lambda m: ([m.receipt()] * (1 + m.by // 2), []),
        DEPENDS,
        "number of requests",
    ),
    "which site gets it": (
        lambda m: ([m.receipt(site=f"node{m.by}.example")], []),
        DEPENDS,
        "http at port 80",
    ),
    "a copy for a third party, of subscribers' requests": (
        lambda m: ([m.receipt(), *([m.receipt(site="stats.example")] if m.who else [])], []),
        TELLS,
        "request line",
    ),
    "a name that is looked up": (
        lambda m: ([m.receipt()], [m.receipt(kind="dns", data=query(m.alias[:12]))]),
        DEPENDS,
        "host name in a query",
    ),
    "a datagram": (
        lambda m: ([m.receipt()], [m.receipt(kind="udp", data=b"%d %b" % (m.count, m.alias))]),
        DEPENDS,
        "datagram",
    ),
    "a beacon without a token": (
        lambda m: (
            [m.receipt()],
            [m.receipt(site="beacon.example", data=b"GET /%b HTTP/1.1\r\n\r\n" % m.alias)],
        ),
        DEPENDS,
        "request line",
    ),
}


def query(label: bytes) -> bytes:
    labels = b"".join(b"%c%b" % (len(one), one) for one in (label or b"none", b"stats", b"test"))
    return bytes(12) + labels + b"\0\0\x01\0\x01"


@pytest.mark.parametrize("kind", DEPENDENT)
def test_what_depends_on_the_subscriber_is_found(kind: str) -> None:
    gateway, form, where = DEPENDENT[kind]
    assert (form, where) in found(gateway)


NOISE: dict[str, Gateway] = {
    "nothing": lines(lambda m: b""),
    "a request's id": lines(lambda m: line(b"X-Id", m.rng.randbytes(16).hex().encode())),
    "a counter": lines(lambda m: line(b"X-Count", b"%d" % m.count)),
    "a date": lines(lambda m: line(b"X-Date", b"12:00:%02d" % (m.count // 40 % 60))),
    "milliseconds": lines(lambda m: line(b"X-Time", b"0.00%d" % m.rng.randrange(4))),
    "a worker's pid": lines(lambda m: line(b"X-Pid", m.rng.choice((b"31", b"32")))),
    "a pid that is new at each reload": lines(
        lambda m: line(b"X-Pid", b"%d" % (m.step * 2 + m.rng.randrange(2)))
    ),
    "a bucket of ten": lines(lambda m: line(b"X-Bucket", b"%d" % m.rng.randrange(10))),
    "the two upstreams in turn": lines(lambda m: line(b"X-Node", b"%d" % (m.count % 2))),
    "a switch at each change": lines(lambda m: line(b"X-Flag", b"%d" % (m.step % 2))),
    "the handset's address": lines(lambda m: line(b"X-Real-IP", m.request.handset.encode())),
    "a bucket by the address": lines(
        lambda m: line(b"X-Zone", b"%d" % (sum(map(ord, m.request.handset)) % 2))
    ),
    "a header now and then": lines(
        lambda m: line(b"X-Sample", b"1" if m.rng.random() < 0.1 else b"")
    ),
    "refusals for want of room": lambda m: (
        ([m.receipt()], []) if m.rng.random() < 0.6 else ([], [])
    ),
    "nobody is refused": lambda m: ([m.receipt()] if m.who else [], []),
    "nobody is refused, and each visit is counted somewhere": lambda m: (
        ([m.receipt()], [m.receipt(kind="udp", data=b"one more")]) if m.who else ([], [])
    ),
    "nobody is shown a portal": lambda m: (
        ([m.receipt()], []) if m.who else ([m.receipt(site="portal.example")], [])
    ),
    "the portal is looked up for nobody": lambda m: (
        [m.receipt()],
        [] if m.who else [m.receipt(kind="dns", data=query(b"portal"))],
    ),
    "pages from a cache": lambda m: ([m.receipt()] if m.count <= PROBES else [], []),
    "second tries": lambda m: ([m.receipt()] * m.rng.choice((1, 1, 2)), []),
    "names looked up when a cache runs out": lambda m: (
        [m.receipt()],
        [m.receipt(kind="dns", data=query(b"cdn"))] if m.count % 50 == 1 else [],
    ),
}


@pytest.mark.parametrize("kind", NOISE)
def test_what_merely_varies_is_left_alone(kind: str) -> None:
    for seed in range(5):
        assert found(NOISE[kind], seed=seed) == set()


def test_looking_up_the_site_that_was_asked_for_tells_nothing() -> None:
    def gateway(m: Moment) -> tuple[list[Receipt], list[Receipt]]:
        label = m.request.host.partition(".")[0].encode()
        name = bytes(12) + b"%c%b" % (len(label), label) + b"\x07example\0\0\x01\0\x01"
        return [m.receipt()], [m.receipt(kind="dns", data=name)] if m.who else []

    assert found(gateway) == set()


# Chance


def coins(m: Moment) -> bytes:
    """Four values that fall like coins, a third, and one that is thrown at each change."""
    thrown = [line(b"X-Coin-%d" % number, b"%d" % m.rng.randrange(2)) for number in range(4)]
    once = random.Random(m.step).randrange(2)
    third = m.rng.randrange(3)
    return b"".join([*thrown, line(b"X-Third", b"%d" % third), line(b"X-Step", b"%d" % once)])


def test_thousands_of_coins_never_take_sides() -> None:
    runs, probes = 200, 4
    assert runs * probes * 6 > 4000
    for seed in range(runs):
        assert found(lines(coins), probes, seed) == set()


def test_a_pseudonym_in_half_of_the_requests_is_found() -> None:
    def half(m: Moment) -> bytes:
        return line(b"X-Qd7", m.alias if m.rng.random() < 0.5 else b"")

    for seed in range(12):
        assert (DEPENDS, "header x-qd7") in found(lines(half), 12, seed)


def test_a_pseudonym_at_one_site_of_many_is_found_among_coins() -> None:
    def one_site(m: Moment) -> bytes:
        alias = m.alias if m.request.host == "shop7.example" else b""
        return coins(m) + line(b"X-Qd7", alias)

    for seed in range(8):
        assert found(lines(one_site), 12, seed) == {(DEPENDS, "header x-qd7")}


def test_a_pseudonym_is_found_while_half_of_the_requests_are_refused_for_want_of_room() -> None:
    def busy(m: Moment) -> tuple[list[Receipt], list[Receipt]]:
        served = m.rng.random() < 0.5
        return [m.receipt(line(b"X-Qd7", m.alias))] if served else [], []

    for seed in range(8):
        assert (DEPENDS, "header x-qd7") in found(busy, 12, seed)


@pytest.mark.parametrize(
    ("hits", "these", "others", "expected"),
    [(1, 1, 1, 1 / 2), (3, 3, 3, 1 / 20), (2, 3, 3, 3 / 15), (12, 12, 12, 1 / 2704156)],
)
def test_the_chance_that_noise_takes_one_side(
    hits: int, these: int, others: int, expected: float
) -> None:
    assert chance(hits, these, others) == pytest.approx(expected)


def test_the_chance_is_what_shuffled_labels_give() -> None:
    rng = random.Random(1)
    labels = "a" * 4 + "b" * 4
    hits = sum(set(rng.sample(labels, 8)[:3]) == {"a"} for _ in range(20000))
    assert hits / 20000 == pytest.approx(chance(3, 4, 4), rel=0.15)


# How it is carried out


def test_a_sound_gateway_is_asked_in_three_rounds_and_no_more() -> None:
    world = FakeWorld(NOISE["nothing"])
    assert compared(world) == []
    assert world.count == FIRST_ROUNDS * 3 * PROBES
    assert world.changes <= FIRST_ROUNDS * 3


def test_there_is_an_end_even_if_nothing_can_be_proven() -> None:
    world = FakeWorld(lines(lambda m: line(b"X-Qd7", m.alias if m.rng.random() < 0.25 else b"")))
    compared(world)
    assert world.changes <= MOST_ROUNDS * 3


def test_a_and_b_are_alike_in_consent_and_nobody_is_at_two_addresses() -> None:
    assert {one.consent for pair in EXCHANGE.pairs.values() for one in pair} == {True, False}
    for holder in (A, B, NOBODY):
        change = EXCHANGE.change(holder)
        held = [who.msisdn for who in change.values() if who]
        assert len(set(held)) == len(held) == (0 if holder == NOBODY else len(EXCHANGE.pairs))
        assert set(change) == set(EXCHANGE.addresses)
    assert all(one.consent == other.consent for one, other in EXCHANGE.pairs.values())


def test_a_place_where_a_number_was_read_is_not_looked_at_again() -> None:
    world = FakeWorld(lines(lambda m: line(b"X-Copy", m.number)))
    world.disclosed = [
        Disclosure("leak", one.requests[0].host, "", None, "digits", "header x-copy",
                   one.requests[0].id, "")
        for one in connections()
    ]  # fmt: skip
    assert compared(world) == []
    assert world.changes <= FIRST_ROUNDS * 3


def test_what_arrives_late_belongs_to_the_step_that_sent_it() -> None:
    late: list[Receipt] = []

    def gateway(m: Moment) -> tuple[list[Receipt], list[Receipt]]:
        late.append(m.receipt(kind="udp", data=b"seen " + m.alias))
        return [m.receipt()], []

    def arrived() -> Observation:
        receipts, late[:] = late[:], []
        return Observation([], receipts)

    world = FakeWorld(gateway)
    probes = connections()
    witness = Differential(one.requests[0] for one in probes)
    stage = Stage(world.attach, world.send, arrived, list)
    dependences = Comparison(probes, EXCHANGE, witness, stage, world.rng).run()
    assert {(one.form, one.where) for one in dependences} == {(DEPENDS, "datagram")}


def test_a_dependence_names_the_request_the_holder_and_the_first_characters() -> None:
    world = FakeWorld(lines(lambda m: line(b"X-Qd7", m.alias)))
    one = compared(world)[0]
    assert one.request is not None
    pair = EXCHANGE.pairs[one.request.handset]
    assert EXCHANGE.betrayed(one) in pair
    assert one.receipt.site == one.request.host
    assert one.sample.startswith("header x-qd7: value '")
    assert len(one.sample) < 40


# At sites that were never visited before, and in what comes back


class Stranger(FakeWorld):
    """A world in which each step has visits to new sites too."""

    def fresh(self) -> list[Connection]:
        self.new = getattr(self, "new", 100) + 2
        handsets = list(EXCHANGE.pairs)
        return [
            _connection(f"fresh{at:08}", handsets[at % 2], at) for at in (self.new, self.new + 1)
        ]

    @property
    def stage(self) -> Stage:
        return replace(super().stage, fresh=self.fresh)


def once_a_site(value: Callable[[Moment], bytes]) -> Gateway:
    """A gateway that adds a header line when a subscriber comes to a site for the first time."""
    seen: set[tuple[bytes, str]] = set()

    def added(m: Moment) -> bytes:
        visit = (m.number, m.request.host)
        first = visit not in seen
        seen.add(visit)
        return line(b"X-Welcome", value(m)) if first else b""

    return lines(added)


def test_what_a_subscriber_is_told_by_at_the_first_visit_alone_is_found() -> None:
    by = {(one.form, one.where) for one in compared(Stranger(once_a_site(lambda m: m.alias)))}
    assert by == {(DEPENDS, "header x-welcome")}
    (first, *_) = compared(Stranger(once_a_site(lambda m: m.alias)))
    assert first.request is not None
    assert first.receipt.site == first.request.host or first.receipt.data


def test_what_new_visitors_of_a_site_get_whoever_they_are_is_noise() -> None:
    assert compared(Stranger(once_a_site(lambda m: b"%016x" % m.rng.getrandbits(64)))) == []
    assert compared(Stranger(once_a_site(lambda m: b"welcome"))) == []


def answered(make: Callable[[Moment], bytes]) -> type[FakeWorld]:
    """A world in which this comes back to handsets."""

    class Answered(FakeWorld):
        def send(self, connections: Sequence[Connection]) -> Observation:
            observed = super().send(connections)
            observed.outcomes = [
                replace(one, response=make(Moment(self, one.request))) for one in observed.outcomes
            ]
            return observed

    return Answered


PAGE = b"HTTP/1.1 200 OK\r\nETag: %b\r\n%b\r\n%b"


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda m: PAGE % (b"a", b"Location: /?u=" + m.alias + b"\r\n", b""),
         "response header location"),
        (lambda m: PAGE % (b"a", b"Set-Cookie: v=" + m.alias + b"; path=/\r\n", b""),
         "response header set-cookie"),
        (lambda m: PAGE % (b"a", b"", b'<img src="http://px.example/' + m.alias + b'.gif">'),
         "link in the response"),
    ],
)  # fmt: skip
def test_what_an_answer_makes_a_handset_send_on_is_compared(
    make: Callable[[Moment], bytes], where: str
) -> None:
    world = answered(make)(lambda m: ([m.receipt()], []))
    assert {(one.form, one.where) for one in compared(world)} == {(DEPENDS, where)}


@pytest.mark.parametrize(
    "make",
    [
        lambda m: PAGE % (m.alias, b"X-Own: " + m.alias + b"\r\n", b"<p>" + m.alias),
        lambda m: PAGE % (b"a", b"Set-Cookie: v=%016x\r\n" % m.rng.getrandbits(64), b""),
        lambda m: PAGE % (b"a", b"" if m.who else b"Location: http://portal.example/\r\n", b""),
    ],
    ids=["what stays with the handset", "what is random", "that nobody is sent to a portal"],
)
def test_what_an_answer_does_not_pass_on_is_left_alone(make: Callable[[Moment], bytes]) -> None:
    assert compared(answered(make)(lambda m: ([m.receipt()], []))) == []


# What is made of it

GRANTED = policy_of(*SITES)
JUDGE = Judge(GRANTED, Scanner([ADA, CAROL]))


@pytest.mark.parametrize(
    ("site", "subscriber", "between_two", "kind"),
    [
        ("shop.example", ADA, True, "leak"),
        ("shop.example", ADA, False, "leak"),
        ("premium.example", ADA, True, "excess"),
        ("premium.example", ADA, False, None),
        ("premium.example", CAROL, True, "no-consent"),
        ("premium.example", CAROL, False, "no-consent"),
    ],
)
def test_what_depends_on_the_subscriber_breaks_the_rule_of_its_place(
    site: str, subscriber: Subscriber, between_two: bool, kind: str | None
) -> None:
    others = frozenset({B} if between_two else {NOBODY})
    trait = Trait(site, "header x-qd7", "value", b"c2VhbGVk")
    suspicion = Suspicion(Group(AT), trait, False, Contrast(frozenset({A}), others))
    receipt = receipt_of(b"GET / HTTP/1.1\r\nX-Qd7: c2VhbGVk\r\n\r\n", site=site)
    request = request_of(b"GET / HTTP/1.1\r\n\r\n", host=site)
    found = JUDGE.dependence(Dependence(suspicion, request, receipt, 9), subscriber)
    form = DEPENDS if between_two else TELLS
    assert [(one.kind, one.form, one.where, one.sample) for one in found] == (
        [(kind, form, "header x-qd7", "header x-qd7: value 'c2Vh'…")] if kind else []
    )


def test_a_number_in_the_name_of_what_depends_is_masked() -> None:
    trait = Trait("shop.example", f"header x-{ADA.msisdn}", "value", b"c2VhbGVk")
    suspicion = Suspicion(Group(AT), trait, False, Contrast(frozenset({A}), frozenset({B})))
    receipt = receipt_of(b"GET / HTTP/1.1\r\n\r\n", site="shop.example")
    (leak,) = JUDGE.dependence(Dependence(suspicion, None, receipt, 9), ADA)
    assert ADA.msisdn not in leak.where + leak.sample


@pytest.mark.parametrize(
    ("site", "name", "subscriber", "may"),
    [
        ("premium.example", b"X_UP-Calling-Line-ID", ADA, True),
        ("premium.example", b"x-uidh", ADA, False),
        ("premium.example", b"x-up-calling-line-id", CAROL, False),
        ("shop.example", b"x-up-calling-line-id", ADA, False),
    ],
)
def test_only_the_policys_header_may_depend_on_a_subscriber_who_has_agreed(
    site: str, name: bytes, subscriber: Subscriber, may: bool
) -> None:
    request = request_of(b"GET / HTTP/1.1\r\n\r\n", host=site)
    receipt = receipt_of(b"GET / HTTP/1.1\r\n\r\n", site=site)
    assert JUDGE.may_depend(request, receipt, name, subscriber) is may


@pytest.mark.parametrize("spec", [spec_of(), spec_of(proxy=None), spec_of(transparent=None)])
def test_the_requests_are_few_of_all_kinds_and_each_of_another_token(spec: GatewaySpec) -> None:
    plan = plan_of(GRANTED, spec=spec)
    requests = [one.requests[0] for one in probes(plan, list(EXCHANGE.pairs))]
    assert 24 <= len({one.token for one in requests}) == len(requests) <= 40
    assert {one.mode for one in requests} == set(plan.modes)
    assert {one.method for one in requests} >= {b"GET", b"POST", b"HEAD", b"OPTIONS"}
    assert sum(GRANTED.site_for(one.host) is None for one in requests) >= 20
    assert {one.handset for one in requests} <= set(EXCHANGE.pairs)


def test_a_policy_without_sites_is_compared_at_ordinary_ones_alone() -> None:
    requests = [one.requests[0] for one in probes(plan_of(policy_of()), list(EXCHANGE.pairs))]
    assert len(requests) >= 20
