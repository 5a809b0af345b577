"""What each family sends: all that it promises, as often as it must, and no more than is legal."""

from __future__ import annotations

import re
import ssl
from collections import Counter
from functools import cache

import h11
import pytest
from tests.unit.fakes import HEADER, SITES, plan_of, policy_of, spec_of

from headgate.agents import framing
from headgate.families import families
from headgate.families.bodies import in_chunks
from headgate.families.permitted import METHODS
from headgate.families.plain import OTHER_METHODS
from headgate.families.smuggled import _covers
from headgate.families.tunnel import client_hello
from headgate.gateway_spec import HeaderSessions
from headgate.http import Message
from headgate.plan import ENOUGH, Plan, lines, repeated
from headgate.policy import Permission
from headgate.request import EXPLICIT, TRANSPARENT, Connection, Request

SAMPLE = policy_of(*SITES)
# Those of which an ordinary site must not learn anything, in the features' one round or in many.
NEGATIVE = sorted(set(families()) - {"permitted", "sidedoor", "claimed"})


@cache
def sent(family: str) -> tuple[Connection, ...]:
    """One round of a family under the sample policy."""
    plan = plan_of(SAMPLE)
    return tuple(families()[family].generate(plan, list(plan.population.agreed)))


def requests(family: str) -> list[Request]:
    return [request for connection in sent(family) for request in connection.requests]


def raws(family: str) -> list[bytes]:
    return [request.raw for request in requests(family)]


def heads(family: str) -> str:
    return "".join(Message(raw).raw[: Message(raw).body_start].decode("latin-1")
                   for raw in raws(family))  # fmt: skip


# As often as it takes


def test_a_leak_in_two_of_a_hundred_requests_is_found_with_999_in_1000() -> None:
    assert 0.98**ENOUGH < 0.001 < 0.98 ** (ENOUGH - 1)


@pytest.mark.parametrize("family", NEGATIVE)
def test_a_family_goes_on_until_ordinary_sites_have_been_asked_often_enough(family: str) -> None:
    plan = plan_of(SAMPLE)
    visitors = list(plan.population.agreed)
    found = [
        request
        for connection in repeated([families()[family].generate], plan, visitors)
        for request in connection.requests
    ]
    asked = [one for one in found if plan.may_learn_nothing(one)]
    assert len(asked) >= ENOUGH
    assert len(found) <= 2 * ENOUGH
    assert len({one.handset for one in asked}) > len(visitors) - 4
    assert len({one.host for one in asked}) > 100
    assert len({one.mode for one in asked}) == 2


def test_what_is_repeated_goes_by_other_visitors_to_other_hosts() -> None:
    plan = plan_of(SAMPLE)
    visitors = list(plan.population.agreed)
    found = list(repeated([families()["unsteady"].generate], plan, visitors, 200))
    first, second = found[:96], found[96:192]
    assert [one.handset for one in first] != [one.handset for one in second]
    assert not {one.requests[0].token for one in first} & {one.requests[0].token for one in second}


def test_a_family_that_asks_no_ordinary_site_is_not_repeated() -> None:
    plan = plan_of(SAMPLE)
    found = list(repeated([families()["permitted"].generate], plan, list(plan.population.agreed)))
    assert len(found) == len(sent("permitted"))


def test_a_family_with_nothing_to_send_sends_nothing() -> None:
    plan = plan_of(policy_of())
    assert list(repeated([families()["lookalike"].generate], plan, ["100.64.128.1"])) == []


# What binds is well formed, by another parser's word


@pytest.mark.parametrize("family", sorted(set(families()) - {"sidedoor"}))
def test_what_binds_is_a_whole_request_to_h11_too(family: str) -> None:
    for raw in (one.raw for one in requests(family) if one.binding):
        server = h11.Connection(h11.SERVER)
        server.receive_data(raw)
        events = [type(event) for event in events_of(server)]
        assert events[0] is h11.Request, raw[:200]
        assert events[-1] is h11.EndOfMessage, raw[:200]
        assert server.trailing_data[0] == b""


def events_of(server: h11.Connection) -> list[h11.Event]:
    events: list[h11.Event] = []
    while not events or type(events[-1]) is not h11.EndOfMessage:
        event = server.next_event()
        assert isinstance(event, h11.Event), event
        events.append(event)
    return events


@pytest.mark.parametrize("family", sorted(set(families()) - {"sidedoor"}))
def test_what_binds_has_a_method_of_the_contract(family: str) -> None:
    methods = {one.method for one in requests(family) if one.binding}
    assert methods <= {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"}


@pytest.mark.parametrize("family", ["confusion", "smuggled", "tunnel"])
def test_what_names_two_hosts_or_hides_one_binds_nobody(family: str) -> None:
    assert not any(one.binding for one in requests(family))


@pytest.mark.parametrize("family", ["confusion", "smuggled", "tunnel", "misbehaving"])
def test_no_handset_waits_long_for_what_a_gateway_may_leave_unanswered(family: str) -> None:
    patience = {one.manner.patience for one in sent(family) if one.manner.awaits}
    assert all(seconds is not None and seconds <= 2 for seconds in patience)


# plain


@pytest.mark.parametrize(
    "method",
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"],
)
def test_every_method_is_used_at_ordinary_sites(method: str) -> None:
    hosts = {one.host for one in requests("plain") if one.method == method.encode()}
    assert any(SAMPLE.site_for(host) is None for host in hosts)


def test_all_versions_are_spoken_with_and_without_a_host() -> None:
    versions = Counter(
        (Message(raw).start_line.rpartition(b"/")[2], b"\r\nhost:" in raw.lower())
        for raw in raws("plain")
    )
    assert {(b"1.0", True), (b"1.0", False), (b"1.1", True), (b"1.2", True)} <= set(versions)
    assert (b"1.1", False) not in versions


@pytest.mark.parametrize(
    "line",
    [
        "Range: bytes=0-499",
        "If-None-Match: ",
        "If-Modified-Since: ",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "X-Option-149: 149",
        "X-Wap-Profile: ",
    ],
)
def test_the_headers_of_ordinary_clients_are_sent(line: str) -> None:
    assert f"\r\n{line}" in heads("plain")


def test_what_is_longer_than_a_gateway_must_take_does_not_bind() -> None:
    lengths = {one.binding: 0 for one in requests("plain")}
    for one in requests("plain"):
        lengths[one.binding] = max(lengths[one.binding], Message(one.raw).body_start)
    assert lengths[True] < 8192 < 16384 < lengths[False]


def test_an_upgrade_need_not_carry_the_number() -> None:
    upgrades = [one for one in requests("plain") if b"\r\nUpgrade: " in one.raw]
    assert upgrades
    assert not any(one.binding for one in upgrades)


# bodies


def test_bodies_are_smaller_and_larger_than_the_usual_buffers() -> None:
    sizes = {len(Message(raw).body) for raw in raws("bodies")}
    assert min(size for size in sizes if size) < 100
    for buffer in (8 << 10, 16 << 10, 64 << 10, 256 << 10):
        assert any(size > buffer for size in sizes)
    assert max(len(Message(one.raw).body) for one in requests("bodies") if one.binding) < 50000


def test_bodies_come_whole_in_chunks_with_extensions_trailers_and_expectations() -> None:
    text = heads("bodies")
    for part in ("Transfer-Encoding: chunked", "Expect: 100-continue", "Trailer: X-Checksum"):
        assert f"\r\n{part}\r\n" in text
    assert any(Message(raw).trailer for raw in raws("bodies"))
    assert any(b";name=value\r\n" in Message(raw).body for raw in raws("bodies"))


def test_every_body_ends_where_its_framing_says() -> None:
    for raw in raws("bodies"):
        assert framing.request_end(raw) == len(raw)


def test_a_body_in_chunks_reads_as_in_the_standard() -> None:
    assert in_chunks(b"abcde", 2) == b"2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"
    extended = in_chunks(b"ab", 2, extension=b";x=y", trailer=[("A", "1"), ("B", "2")])
    assert extended == b"2;x=y\r\nab\r\n0\r\nA: 1\r\nB: 2\r\n\r\n"


# lookalike, confusion


def test_addresses_are_written_in_every_way_that_some_program_reads() -> None:
    hosts = {one.host for one in requests("lookalike")}
    for pattern in (r"\d{8,10}", r"0x[0-9a-f]{7,8}", r"(0[0-7]+\.){3}0[0-7]+", r"\[2001:.*\]"):
        assert any(re.fullmatch(pattern, host) for host in hosts), pattern
    assert any(re.fullmatch(r"premium\.example(:80)?@.*", host) for host in hosts)


def test_names_are_written_large_with_a_dot_and_with_the_port() -> None:
    plan = plan_of(SAMPLE)
    found = repeated([families()["lookalike"].generate], plan, list(plan.population.agreed))
    lines = [connection.requests[0].raw.split(b"\r\n")[0] for connection in found]
    for pattern in (rb"http://[A-Z.]+EXAMPLE/", rb"http://[a-z.]+example\./", rb"example:80/"):
        assert any(re.search(pattern, line) for line in lines), pattern


def test_permitted_sites_are_named_in_every_way_that_means_them() -> None:
    hosts = {one.host for one in requests("permitted") if one.mode == EXPLICIT}
    assert {"premium.example", "PREMIUM.EXAMPLE", "premium.example.", "Premium.Example"} <= hosts


def test_two_hosts_stand_in_either_order_and_in_every_disguise() -> None:
    text = "\n".join(raw.decode("latin-1") for raw in raws("confusion"))
    both = r"(premium\.example|[a-z0-9.-]*adult\.example|moments\.example)"
    for pattern in (
        rf"\r\nHost: {both}\r\nHost: ",
        rf"\r\nHost: (?!{both}\r)[^\r]+\r\nHost: {both}\r",
        r"HTTP/1\.1\r\n Host: ",
        r"\r\n\tHost: ",
        r"\r\nHost : ",
        r"\r\nHost: [^\r]+\r\n [^\r:]+\r\n",
        r"GET https://",
        r"GET ftp://",
        r"GET HTTP://",
        r"GET ://",
        rf"GET http://{both}#",
        rf"GET http://[^ ]+@{both}/",
        rf"\r\nHost: {both}\\",
        r"\r\nHost: \r\n",
    ):
        assert re.search(pattern, text), pattern


def test_some_requests_name_no_host_at_all() -> None:
    without = [raw for raw in raws("confusion") if b"host" not in raw.lower()]
    assert {Message(raw).start_line.rpartition(b" ")[2] for raw in without} == {
        b"HTTP/1.0",
        b"HTTP/1.1",
    }


def test_each_way_in_gets_the_other_ways_form() -> None:
    forms = {(one.mode, one.raw[:5] == b"GET /") for one in requests("confusion")}
    assert forms == {(mode, form) for mode in (EXPLICIT, TRANSPARENT) for form in (True, False)}


def test_each_delimiter_stands_before_names_of_both_kinds() -> None:
    hosts = {
        field.value.decode("latin-1")
        for raw in raws("confusion")
        for field in Message(raw).fields
        if field.name == b"Host"
    }
    for delimiter in ("?", "#", "@", "%00", ":"):
        behind = {host.partition(delimiter)[2] for host in hosts if delimiter in host}
        assert any(name.endswith(".adult.example") for name in behind), delimiter
        assert behind & {"premium.example", "moments.example"}, delimiter


# forged, impostor, claimed


def test_every_known_name_is_forged() -> None:
    fields = [field for raw in raws("forged") for field in Message(raw).fields]
    names = {field.name.lower().replace(b"_", b"-") for field in fields}
    for known in (b"x-msisdn", b"x-nokia-msisdn", b"x-uidh", b"x-up-subno", b"calling-station-id"):
        assert known in names


def test_a_permitted_site_is_sent_each_known_name_as_it_is() -> None:
    permitted = [raw for raw in raws("forged") if b"Host: premium.example" in raw]
    permitted += [raw for raw in raws("forged") if b"adult.example\r\n" in raw]
    permitted += [raw for raw in raws("forged") if b"Host: moments.example" in raw]
    names = {field.name for raw in permitted for field in Message(raw).fields}
    assert {name.encode() for name in lines("identity_headers.txt")} <= names


def test_handsets_speak_as_the_packet_core_does() -> None:
    plan = plan_of(SAMPLE, spec=spec_of(sessions=HeaderSessions("x-core", "{consent}:{msisdn}")))
    sent = families()["forged"].generate(plan, list(plan.population.agreed))
    (twin,) = {
        (len(one.forged), field.value[:8])
        for connection in sent
        for one in connection.requests
        for field in Message(one.raw).fields
        if field.name == b"x_core"
    }
    assert twin == (1, b"yes:4477")


def test_a_number_is_forged_with_every_method_that_there_is() -> None:
    methods = {Message(raw).method.decode() for raw in raws("forged")}
    assert {*METHODS, *OTHER_METHODS} <= methods


def test_a_number_is_forged_in_every_way_of_writing_it() -> None:
    text = "\n".join(raw.decode("latin-1") for raw in raws("forged"))
    for value in (r"\+4477009\d{5}", r"004477009\d{5}", r"077009\d{5}", r"77009\d{5}"):
        assert re.search(rf"\r\n{HEADER}: {value}\r\n", text), value


def test_a_forged_number_hides_in_trailers_folds_and_odd_bytes() -> None:
    text = "\n".join(raw.decode("latin-1") for raw in raws("forged"))
    for pattern in (
        rf"0\r\n{HEADER}: 4477009\d{{5}}\r\n\r\n",
        rf"\r\n{HEADER}: 4477\r\n \d+\r\n",
        rf"\r\n{HEADER}: 4477\0\d+\r\n",
        rf"\r\n{HEADER}: 4477\t\d+\r\n",
        rf"\r\nConnection: (?i:close, {HEADER})\r\n",
        rf"\r\n {HEADER}: ",
        rf"\n{HEADER.replace('-', '_').upper()}: ",
    ):
        assert re.search(pattern, text), pattern


def test_a_forged_value_is_found_again_in_each_request() -> None:
    for one in requests("forged"):
        assert all(value in one.raw for value in one.forged)
        assert one.forged


def test_another_subscribers_real_number_is_forged_too() -> None:
    plan = plan_of(SAMPLE)
    found = list(families()["forged"].generate(plan, list(plan.population.agreed)))
    real = {who.msisdn.encode() for who in plan.population.spare}
    assert any(number in one.requests[0].raw for one in found for number in real)


def test_an_impostor_speaks_both_versions_of_the_proxy_protocol() -> None:
    preambles = {one.manner.preamble[:12] for one in sent("impostor") if one.manner.preamble}
    assert {preamble[:5] for preamble in preambles} == {b"PROXY", b"\r\n\r\n\0"}
    assert not any(
        request.binding
        for one in sent("impostor")
        if one.manner.preamble
        for request in one.requests
    )


def test_consent_is_claimed_where_it_counts() -> None:
    hosts = {SAMPLE.site_for(one.host) is not None for one in requests("claimed")}
    assert hosts == {True, False}
    assert all(one.binding for one in requests("claimed"))


# smuggled


def test_a_smuggled_request_stands_behind_its_cover_on_the_wire() -> None:
    for connection in sent("smuggled"):
        outer, inner = connection.requests
        assert (outer.hidden, inner.hidden) == (False, True)
        assert inner.forged[0] in inner.raw
        assert outer.host != inner.host


@pytest.mark.parametrize(("name", "made_up"), [(HEADER.title(), 0), ("x-core", 1)])
def test_what_the_core_takes_away_stands_in_no_hidden_request(name: str, made_up: int) -> None:
    plan = plan_of(SAMPLE, spec=spec_of(sessions=HeaderSessions(name, "{msisdn}")))
    for connection in families()["smuggled"].generate(plan, list(plan.population.agreed)):
        _, inner = connection.requests
        assert len(inner.forged) == inner.raw.count(HEADER.encode()) == made_up


def test_permitted_hides_in_ordinary_and_ordinary_in_permitted() -> None:
    pairs = {
        tuple(SAMPLE.site_for(one.host) is not None for one in connection.requests)
        for connection in sent("smuggled")
    }
    assert pairs == {(False, True), (True, False), (False, False)}


def test_a_body_of_the_announced_length_hides_a_whole_request() -> None:
    for index, cover in enumerate(_covers(100)):
        if cover.headers == [("Content-Length", "100")]:
            assert (cover.before, cover.behind) == (b"", b"")
            outer, inner = sent("smuggled")[index * 3].requests
            assert framing.request_end(outer.raw + inner.raw) == len(outer.raw + inner.raw)


def test_the_two_readings_of_a_cover_differ() -> None:
    both = [cover for cover in _covers(100) if len({name for name, _ in cover.headers}) > 1]
    assert len(both) >= 10


# tunnel


def test_tunnels_are_asked_for_at_several_ports_of_both_kinds_of_sites() -> None:
    lines = [raw.split(b"\r\n")[0] for raw in raws("tunnel") if raw.startswith(b"CONNECT")]
    ports = {line.split(b" ")[1].rpartition(b":")[2] for line in lines}
    assert ports == {b"443", b"80", b"8080", b"25"}
    assert any(b"premium.example" in line or b"moments.example" in line for line in lines)


def test_the_first_bytes_of_a_tunnel_to_443_are_a_clients_hello() -> None:
    for connection in sent("tunnel"):
        inside = connection.requests[-1]
        if inside.raw.startswith(b"\x16"):
            assert inside.host.encode() in inside.raw
            assert inside.token.encode() in inside.raw


def test_a_client_hello_is_one_to_openssl() -> None:
    asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda tls, name, _: asked.append(name)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(client_hello("premium.example", bytes(32), bytes(32)))
    with pytest.raises(ssl.SSLError, match=r"(?i)no.shared.cipher|no.suitable"):
        server.do_handshake()  # it has no certificate to go on with, but it has read the name
    assert asked == ["premium.example"]


# alternating, unsteady


def test_other_visits_than_plain_ones_come_in_between() -> None:
    methods = Counter(one.method for one in requests("alternating"))
    assert {b"GET", b"HEAD", b"POST", b"PUT"} == set(methods)
    for connection in sent("alternating"):
        assert all(framing.request_end(one.raw) == len(one.raw) for one in connection.requests)


def test_what_is_sent_haltingly_binds_and_what_is_broken_off_does_not() -> None:
    for connection in sent("unsteady"):
        whole = connection.manner.awaits and not connection.manner.half_closes
        halting = connection.manner.pieces > 1 and whole
        assert connection.requests[0].binding == (halting and not connection.manner.preamble)


# misbehaving


def test_sites_of_both_kinds_misbehave_in_every_way() -> None:
    kinds: dict[bytes, set[bool]] = {}
    for one in requests("misbehaving"):
        assert one.answer
        permitted = SAMPLE.permits(one.host, one.port, one.path) is Permission.YES
        kinds.setdefault(one.answer.head.split(b"\r\n")[0], set()).add(permitted)
    assert all(seen == {True, False} for seen in kinds.values())
    statuses = {int(line.split(b" ")[1]) for line in kinds if line.startswith(b"HTTP/")}
    assert {101, 301, 302, 307, 401, 404, 500, 502, 503} <= statuses


@pytest.mark.parametrize(
    "part",
    [
        b"X-Accel-Redirect: /?id=",
        b"X-Accel-Redirect: @fallback",
        b"X-Accel-Expires: 60",
        b"Location: //",
        b"Location: /?id=",
        b"Refresh: 0; url=http://",
        b"Vary: User-Agent",
        b"Set-Cookie: ",
        b'<!--#include virtual="/internal/?id=',
        b'<!--#echo var="http_x_up_calling_line_id"',
        b"<esi:include src=",
    ],
)
def test_answers_hold_what_sets_a_gateway_to_work(part: bytes) -> None:
    answers = [one.answer for one in requests("misbehaving") if one.answer]
    assert any(part in answer.head or part in answer.body for answer in answers)


def test_where_an_answer_sends_a_gateway_the_token_goes_along() -> None:
    for one in requests("misbehaving"):
        assert one.answer
        assert b"{token}" not in one.answer.head + one.answer.body
        for target in re.findall(rb"(?m)^(?:Location|Refresh|Link): (.*)$", one.answer.head):
            assert one.token.encode() in target


def test_no_answer_takes_longer_than_a_moment() -> None:
    answers = [one.answer for one in requests("misbehaving") if one.answer]
    assert max(answer.delay * answer.pieces for answer in answers) <= 0.3


def test_a_page_that_may_be_kept_is_asked_for_by_several_handsets_at_one_url() -> None:
    kept = [
        one for one in requests("misbehaving") if one.answer and b"{received}" in one.answer.body
    ]
    readers: dict[tuple[str, bytes], set[str]] = {}
    for one in kept:
        assert one.token.encode() not in Message(one.raw).target
        readers.setdefault((one.host, Message(one.raw).target), set()).add(one.handset)
    assert len(readers) == 24
    assert all(len(handsets) == 6 for handsets in readers.values())


def test_where_only_one_way_in_is_offered_all_families_keep_to_it() -> None:
    for proxy, transparent, mode in ((8080, None, EXPLICIT), (None, 80, TRANSPARENT)):
        plan: Plan = plan_of(SAMPLE, spec=spec_of(proxy=proxy, transparent=transparent))
        for family in NEGATIVE:
            found = families()[family].generate(plan, list(plan.population.agreed))
            assert {one.mode for connection in found for one in connection.requests} == {mode}
