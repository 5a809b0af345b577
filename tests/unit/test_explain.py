"""Shrinking, keeping and telling of requests; the parts of configs that can be switched off."""

from __future__ import annotations

import json
import random
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.answer import Answer
from headgate.candidate import Candidate, load_candidate
from headgate.disclosure import MISSING
from headgate.explain.curl import command
from headgate.explain.ddmin import ddmin, one_by_one
from headgate.explain.edits import Edit, applied, edits_of
from headgate.explain.explanation import kept, restored
from headgate.explain.hunks import hunks, hybrid, unified
from headgate.explain.parts import parts_of
from headgate.explain.ranking import deciding, ranked
from headgate.explain.search import Effect, Search, Spent
from headgate.explain.shrinking import shrunk
from headgate.explain.template import Numbers, masked
from headgate.explain.ways import guest_called, holder_called, name_of, name_of_guest
from headgate.internet import Internet
from headgate.numbers import Subscriber
from headgate.population import populate
from headgate.reading.aim import Aim
from headgate.reading.span import Span
from headgate.request import EXPLICIT, TRANSPARENT, Connection, Manner, Request
from headgate.resources import root
from headgate.zones import hour_in, zone_at

POPULATION = populate(random.Random("explain"), agreed=5, refused=2, nobody=1, spare=3, strangers=4)
NUMBERS = Numbers(POPULATION)
ADDRESS, ADA = next(iter(POPULATION.agreed.items()))
HEADER = "header x-up-calling-line-id"


# ddmin


@given(st.sets(st.integers(0, 19)), st.integers(1, 20))
def test_what_is_left_is_what_is_needed_and_no_more(needed: set[int], count: int) -> None:
    needed = {one for one in needed if one < count}
    found = ddmin(range(count), lambda some: [needed <= {*one} for one in some])
    assert found == sorted(needed)


def test_no_item_of_what_is_left_can_be_left_out() -> None:
    """Also where what is needed depends on what else is there."""

    def holds(some: Sequence[int]) -> bool:
        return {1, 2} <= {*some} or {3, 4, 5} <= {*some}

    found = ddmin(range(9), one_by_one(holds))
    assert holds(found)
    assert not any(holds(one) for one in combinations(found, len(found) - 1))


def test_trials_are_made_until_one_holds() -> None:
    asked: list[Sequence[int]] = []

    def holds(some: Sequence[int]) -> bool:
        asked.append(some)
        return 1 in some

    assert one_by_one(holds)([[0], [1], [2]]) == [False, True]
    assert asked == [[0], [1]]


# Requests in parts

REQUEST = (
    b"POST http://shop.example/a/b?one=1&two={2} HTTP/1.1\r\nHost: shop.example\r\n"
    b"Cookie: a=1; b=2\r\nX-Note: one\r\nContent-Length: 3\r\nx-note:two \r\n\r\nabc"
)


@pytest.mark.parametrize(
    "raw",
    [
        REQUEST,
        REQUEST.replace(b"\r\n", b"\n"),
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET /?a=&&b HTTP/1.1\r\nHost:\r\nCookie:\r\nCookie: a; \r\n\r\n",
        b"GET  /two  HTTP/1.1\r\nHost: a\r\n folded: yes\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"no http at all",
        b"",
    ],
)
def test_all_the_parts_are_the_request_to_the_byte(raw: bytes) -> None:
    parts = parts_of(raw)
    assert parts.rendered(parts.units) == raw


@given(st.binary(max_size=60))
def test_whatever_was_sent_has_parts(data: bytes) -> None:
    for raw in (data, b"GET /" + data + b" HTTP/1.1\r\nHost: a\r\n\r\n"):
        parts = parts_of(raw)
        assert parts.rendered(parts.units) == raw


def test_without_its_parts_a_request_is_still_one() -> None:
    parts = parts_of(REQUEST)
    assert parts.rendered([]) == b"GET http://shop.example/ HTTP/1.1\r\nHost: shop.example\r\n\r\n"


def test_parameters_and_cookies_go_one_by_one_and_a_body_with_what_frames_it() -> None:
    parts = parts_of(REQUEST)
    some = [one for one in parts.units if one not in ("parameter 0", "cookie 1.0", "body")]
    assert parts.rendered(some) == (
        b"POST http://shop.example/a/b?two={2} HTTP/1.1\r\nHost: shop.example\r\n"
        b"Cookie: b=2\r\nX-Note: one\r\nx-note:two \r\n\r\n"
    )


def wanting(count: int, header: bytes) -> Callable[[Sequence[Connection]], list[bool]]:
    """Shows it with so many requests, each with this in it."""
    return lambda some: [sum(header in one.raw for one in it.requests) >= count for it in some]


@pytest.mark.parametrize(("sent", "count"), [(1, 1), (3, 2), (100, 30)])
def test_a_connection_shrinks_to_what_shows_it(sent: int, count: int) -> None:
    raw = b"GET /a?x=1 HTTP/1.1\r\nHost: shop.example\r\nX-A: 1\r\nX-B: 2\r\n\r\n"
    request = Request("t", "plain", ADDRESS, TRANSPARENT, "shop.example", raw)
    manner = Manner(pieces=2)
    whole = Connection((request,) * sent, "23.4.5.6", 80, manner=manner)
    least = shrunk(whole, wanting(count, b"Host"))
    assert len(least.requests) == count
    assert {one.raw for one in least.requests} == {b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"}


def test_a_header_line_that_matters_stays() -> None:
    raw = b"GET /a HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-B: 2\r\n\r\n"
    request = Request("t", "plain", ADDRESS, TRANSPARENT, "a", raw)
    least = shrunk(Connection((request,), "23.4.5.6", 80), wanting(1, b"X-B: 2"))
    assert least.requests[0].raw == b"GET / HTTP/1.1\r\nHost: a\r\nX-B: 2\r\n\r\n"


# Templates


def test_a_template_holds_no_number_and_gives_the_bytes_back() -> None:
    spare, stranger = POPULATION.spare[1], POPULATION.strangers[2]
    raw = (
        f"GET /{{{ADA.msisdn}}}?n=+{stranger.msisdn}&o=0{spare.msisdn[2:]} HTTP/1.1\r\n"
        f"X: {ADA.imsi} {ADA.msisdn[-8:]}\r\n\r\n"
    ).encode() + bytes(range(256))
    template = NUMBERS.template(raw)
    assert NUMBERS.filled(template) == raw
    assert f"{{{{{{msisdn of {ADDRESS}}}}}}}" in template
    assert "+{msisdn of stranger 3}" in template
    assert "0{national msisdn of spare subscriber 2}" in template
    for one in (*POPULATION.subscribers, *POPULATION.strangers):
        assert one.msisdn[-8:] not in template
        assert one.imsi not in template


@given(st.lists(st.sampled_from([ADA.msisdn, ADA.imsi, "{", "}", "{{", "é", "x", "0", "44"])))
def test_any_bytes_survive_being_kept(pieces: list[str]) -> None:
    raw = "".join(pieces).encode("latin-1")
    assert NUMBERS.filled(NUMBERS.template(raw)) == raw


def test_the_same_seed_fills_a_template_again() -> None:
    again = populate(random.Random("explain"), agreed=5, refused=2, nobody=1, spare=3, strangers=4)
    assert Numbers(again).filled(f"{{msisdn of {ADDRESS}}}") == ADA.msisdn.encode()


def test_people_are_shown_placeholders_and_single_braces() -> None:
    assert masked("{{a}} {msisdn of stranger 1} }}{{") == "{a} {msisdn of stranger 1} }{"


def test_a_connection_comes_back_from_json_as_it_was() -> None:
    answer = Answer(b"HTTP/1.1 302 Found\r\nX: " + ADA.msisdn.encode(), b"\xff")
    request = Request(
        "tokentoken12", "forged", ADDRESS, TRANSPARENT, "shop.example",
        b"GET / HTTP/1.1\r\nX: " + ADA.msisdn.encode() + b"\r\n\r\n",
        binding=False, forged=(b"00900123",), answer=answer,
    )  # fmt: skip
    internet = Internet("a seed")
    manner = Manner(preamble=b"PROXY\r\n", patience=2.0)
    connection = Connection(
        (request,), internet.address("shop.example"), 80, pipelined=True, manner=manner
    )
    minimal = kept(connection, "leak", HEADER, NUMBERS, internet)
    text = json.dumps(asdict(minimal))
    assert ADA.msisdn not in text
    found = restored(json.loads(text), NUMBERS, Internet("a seed"))
    assert found.requests == (replace(request, family="explained"),)
    assert (found.address, found.port, found.pipelined) == (connection.address, 80, True)
    assert found.manner == manner


# Ways


def test_whoever_holds_an_address_has_a_name_that_leads_back() -> None:
    withdrawn, spare = replace(ADA, consent=False), POPULATION.spare[1]
    names = {"": ADA, "nobody": None, "withdrawn": withdrawn, "spare subscriber 2": spare}
    for name, holder in names.items():
        assert name_of(POPULATION, ADDRESS, holder) == name
        assert not name or holder_called(POPULATION, ADDRESS, name) == holder
    assert name_of(POPULATION, ADDRESS, POPULATION.strangers[0]) is None
    assert name_of(POPULATION, "100.64.222.80", POPULATION.strangers[0]) == "spare subscriber 1"
    with pytest.raises(ValueError, match="there is no holder somebody"):
        holder_called(POPULATION, ADDRESS, "somebody")


# curl


def curl(raw: bytes, mode: str = TRANSPARENT, port: int = 80) -> list[str]:
    return shlex.split(
        command([raw], handset="100.64.128.1", mode=mode, address="23.4.5.6", port=port)
    )


def test_whoever_came_for_a_prefix_has_a_name_that_leads_to_a_number_of_it() -> None:
    aim = Aim(Span("nginx.conf", 0, 0, 1, 1), prefix="44770090037")
    for number in ("447700900370", "447700900379", "447700900369", "447700900380"):
        name = name_of_guest([aim], Subscriber(number, "001013700000001"))
        assert guest_called(POPULATION, name).msisdn == number
        assert number not in name
    assert name_of_guest([aim], POPULATION.strangers[0]) == "anybody"
    assert guest_called(POPULATION, "anybody") == POPULATION.spare[0]


def test_at_each_hour_there_is_a_zone_in_which_it_is_that_hour() -> None:
    assert [hour_in(zone_at(hour)) for hour in range(24)] == [*range(24)]
    assert hour_in("") is None


def test_curl_sends_the_request_to_the_site_and_nothing_of_its_own() -> None:
    raw = b"GET /a?b=1 HTTP/1.1\r\nHost: shop.example\r\nX-Empty: \r\nX-A: b c\r\n\r\n"
    assert curl(raw.replace(b"X-Empty: ", b"X-Empty:")) == [
        "curl", "--interface", "100.64.128.1", "--connect-to", "::23.4.5.6:80",
        "-H", "User-Agent:", "-H", "Accept:", "-H", "X-Empty;", "-H", "X-A: b c",
        "--path-as-is", "http://shop.example/a?b=1",
    ]  # fmt: skip


def test_curl_asks_the_proxy_with_another_host_where_that_was_so() -> None:
    raw = b"HEAD http://shop.example/ HTTP/1.0\r\nHost: other.example\r\nAccept: */*\r\n\r\n"
    words = curl(raw, EXPLICIT, 8080)
    assert words[3:10] == [
        "--http1.0", "--head", "--proxy", "http://100.64.0.1:8080", "-H", "Proxy-Connection:", "-H",
    ]  # fmt: skip
    assert "Host: other.example" in words
    assert "Accept:" not in words


def test_a_body_goes_with_its_length_alone() -> None:
    raw = b"PUT / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na b"
    words = curl(raw)
    assert words[3:7] == ["--data-binary", "a b", "-X", "PUT"]
    assert "Content-Type:" in words


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_curl_would_send_otherwise_is_sent_by_nc(raw: bytes) -> None:
    words = curl(raw)
    assert words[0] == "printf"
    assert words[1].encode().decode("unicode_escape").encode("latin-1") == raw
    assert words[2:] == ["|", "nc", "-s", "100.64.128.1", "23.4.5.6", "80"]


# Edits

Make = Callable[[dict[str, str]], Candidate]


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    def make(files: dict[str, str]) -> Candidate:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_candidate(tmp_path, root() / "gateway_config" / "gateway.yaml")

    return make


GATEWAY = """\
events {}
http {
    proxy_set_header A $a;
    map $arg_debug $told {
        default "";
        7 $number;
    }
    server {
        listen 8080;
        set $number "";
        if ($arg_debug) {
            set $number 1;
        }
        location / {
            proxy_set_header B $told;
            proxy_set_header C c;
            access_by_lua_block {
                local agreed = row[2]
                if agreed == "yes" or ngx.var.arg_debug == "7" then
                    ngx.var.number = "2"
                end
                local list = { ["a.example"] = true, ["b.example"] = true }
            }
            proxy_pass http://$host;
        }
    }
}
"""


def edited(candidate: Candidate) -> dict[str, list[bytes]]:
    """What stands in place of which text, for each edit of one stretch."""
    data = candidate.files["nginx.conf"]
    found: dict[str, list[bytes]] = {}
    for one in edits_of(candidate):
        for span, instead in one.changes if len(one.changes) == 1 else ():
            found.setdefault(data[span.start : span.end].decode(), []).append(instead)
    return found


def test_what_can_be_switched_off_is_and_what_a_gateway_needs_is_not(candidate: Make) -> None:
    found = edited(candidate({"nginx.conf": GATEWAY}))
    assert found["7 $number;"] == [b""]
    assert found["1"] == [b'""']
    assert found["proxy_set_header B $told;"] == [b""]
    assert found['ngx.var.number = "2"'] == [b"do end"]
    assert found['agreed == "yes"'] == found['ngx.var.arg_debug == "7"'] == [b" false "]
    assert found['["b.example"] = true'] == [b"nil"]
    whole = 'agreed == "yes" or ngx.var.arg_debug == "7"'
    assert found[whole] == [b" false "]
    assert not [text for text in found if text.startswith(("listen", "proxy_pass", "server {"))]


def test_a_level_that_keeps_an_outer_one_away_goes_as_a_whole(candidate: Make) -> None:
    one = candidate({"nginx.conf": GATEWAY})
    (level,) = [edit for edit in edits_of(one) if edit.cancels]
    assert [span.line for span in level.spans] == [15, 16]
    text = applied(one.files, [level])["nginx.conf"].decode()
    assert "proxy_set_header A $a;" in text
    assert "proxy_set_header B" not in text


def test_edits_of_one_file_are_made_together(candidate: Make) -> None:
    one = candidate({"nginx.conf": GATEWAY})
    every = edits_of(one)
    text = applied(one.files, every)["nginx.conf"].decode()
    assert "if ($arg_debug)" not in text
    assert "proxy_pass http://$host;" in text
    assert one.files["nginx.conf"].decode() == GATEWAY


def test_what_the_request_says_is_tried_first(candidate: Make) -> None:
    edits = edits_of(candidate({"nginx.conf": GATEWAY}))
    raw = b"GET /?debug=7 HTTP/1.1\r\nHost: x\r\n\r\n"
    first = ranked(edits, raw, "header b")[:8]
    assert any(b"debug" in one.text for one in first)


def test_whoever_decides_stands_further_from_the_header_than_what_is_spoken_of(
    candidate: Make,
) -> None:
    edits = edits_of(candidate({"nginx.conf": GATEWAY}))
    far = deciding(edits, "header b")
    by_text = {one.text: far.get(one) for one in edits}
    assert by_text[b"proxy_set_header B $told;"] == 0
    assert by_text[b"7 $number;"] == 1


# The search


def found_among(
    edits: Sequence[Edit], effect: Callable[[Sequence[Edit]], Effect], singles: int = 99
) -> tuple[list[bytes], bool, bool]:
    found = Search(edits, {}, effect, singles).run()
    return [one.text for one in found.edits], found.mends, found.spent


MENDS, NOTHING = Effect(gone=True, serves=True, keeps=True), Effect(serves=True, keeps=True)
HARMS = Effect(gone=True, serves=True)


def test_the_part_of_a_condition_that_does_it_is_named(candidate: Make) -> None:
    edits = edits_of(candidate({"nginx.conf": GATEWAY}))

    def effect(some: Sequence[Edit]) -> Effect:
        text = b"".join(one.text for one in some)
        return MENDS if b'ngx.var.arg_debug == "7"' in text else NOTHING

    assert found_among(edits, effect) == ([b'ngx.var.arg_debug == "7"'], True, False)


SCORED = """\
events {}
http {
    map $arg_a $first { x yes; }
    map $first $told { yes $number; }
    server {
        listen 8080;
        location / {
            proxy_set_header B $told;
            access_by_lua_block {
                local score = tonumber(ngx.var.arg_score)
                if score and score > 100 then
                    ngx.var.told = sessions.own()
                end
            }
            proxy_pass http://$host;
        }
    }
}
"""


def lines_found(
    candidate: Candidate, mending: Sequence[bytes]
) -> tuple[list[int], list[int], list[str]]:
    """The lines of what is found and of what stands with it, where each of these mends."""

    def effect(some: Sequence[Edit]) -> Effect:
        return MENDS if any(one.text.startswith(tuple(mending)) for one in some) else NOTHING

    found = Search(edits_of(candidate), {}, effect, 99).run()
    roles = [one.role for one in (*found.edits, *found.others)]
    return [x.span.line for x in found.edits], [x.span.line for x in found.others], roles


def test_of_what_leads_to_a_statement_the_statement_is_named_with_its_condition(
    candidate: Make,
) -> None:
    mending = [b"score and score", b"local score", b"ngx.var.told"]
    found = lines_found(candidate({"nginx.conf": SCORED}), mending)
    assert found == ([12], [11], ["sets", "condition"])


TWO_CALLS = """\
events {}
http {
    server {
        listen 8080;
        location / {
            access_by_lua_block {
                local function has_browser(headers)
                    local agent = headers["User-Agent"]
                    return agent == "tester"
                end
                if has_browser(ngx.req.get_headers()) then
                    return line.admit()
                end
                if not ngx.var.host then
                    ngx.log(ngx.ERR, "no host")
                    return ngx.exit(400)
                end
                function line.admit()
                    ngx.ctx.line = sessions.own()
                end
            }
            proxy_pass http://$host;
        }
    }
}
"""


def test_a_condition_is_found_by_way_of_what_is_made_of_a_local(candidate: Make) -> None:
    mending = [b"local agent", b"return agent", b"has_browser(", b"return line"]
    found = lines_found(candidate({"nginx.conf": TWO_CALLS}), mending)
    assert found == ([12], [11], ["sets", "condition"])


def test_of_a_statement_that_only_calls_what_is_called_is_named(candidate: Make) -> None:
    mending = [b"has_browser(", b"return line", b"ngx.ctx.line"]
    found = lines_found(candidate({"nginx.conf": TWO_CALLS}), mending)
    assert found == ([19], [11], ["sets", "condition"])


def test_what_sends_away_sends_all_away_and_what_ends_with_a_number_happens_never(
    candidate: Make,
) -> None:
    found = edited(candidate({"nginx.conf": TWO_CALLS}))
    assert found["not ngx.var.host"] == [b" true "]
    assert found["has_browser(ngx.req.get_headers())"] == [b" false "]


NESTED = """\
events {}
http {
    server {
        listen 8080;
        location / {
            access_by_lua_block {
                if ngx.req.get_method() == "POST" then
                    ngx.req.read_body()
                    if form and form.desk == "cc7" then
                        ngx.var.told = sessions.own()
                        return
                    end
                end
            }
            proxy_pass http://$host;
        }
    }
}
"""


def test_of_conditions_one_under_the_other_the_inner_one_is_named(candidate: Make) -> None:
    mending = [b"ngx.req.get_method() ==", b"form and", b"ngx.var.told"]
    found = lines_found(candidate({"nginx.conf": NESTED}), mending)
    assert found == ([10], [9], ["sets", "condition"])


def test_what_lets_more_through_is_tried_late(candidate: Make) -> None:
    edits = edits_of(candidate({"nginx.conf": NESTED}))
    raw = b"POST / HTTP/1.1\r\nHost: x\r\n\r\ndesk=cc7"
    texts = [one.text for one in ranked(edits, raw, HEADER)]
    assert texts.index(b'form and form.desk == "cc7"') < texts.index(b'form.desk == "cc7"')
    texts = [one.text for one in ranked(edits, raw, HEADER, MISSING)]
    assert texts.index(b'form.desk == "cc7"') < texts.index(b'form and form.desk == "cc7"')


def test_of_maps_that_ask_one_another_the_last_is_named(candidate: Make) -> None:
    found = lines_found(candidate({"nginx.conf": SCORED}), [b"x yes;", b"yes $number;"])
    assert found == ([4], [], ["lets through"])


def test_lines_that_only_do_it_together_are_found_together(candidate: Make) -> None:
    edits = [one for one in edits_of(candidate({"nginx.conf": GATEWAY})) if not one.cancels]
    needed = {b"proxy_set_header B $told;", b"7 $number;"}

    def effect(some: Sequence[Edit]) -> Effect:
        return MENDS if needed <= {one.text for one in some} else NOTHING

    texts, mends, _ = found_among(edits, effect)
    assert {*texts} == needed
    assert mends


def test_what_harms_is_named_only_where_nothing_else_helps(candidate: Make) -> None:
    edits = edits_of(candidate({"nginx.conf": GATEWAY}))

    def effect(some: Sequence[Edit]) -> Effect:
        return HARMS if some[0].text == b"7 $number;" and len(some) == 1 else NOTHING

    assert found_among(edits, effect) == ([b"7 $number;"], False, False)


def test_a_search_that_has_no_trial_left_says_so(candidate: Make) -> None:
    def spent(some: Sequence[Edit]) -> Effect:
        raise Spent

    assert found_among(edits_of(candidate({"nginx.conf": GATEWAY})), spent) == ([], False, True)


# Hunks

OLD = {"a": b"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "gone": b"x\n", "same": b"s", "end": b"no end"}
NEW = {"a": b"1\ntwo\n3\n4\n5\n6\n7\n8\n9\nten\n", "new": b"n", "same": b"s", "end": b"no end\n"}


def test_changes_are_pieces_and_new_and_old_files_are_one_each() -> None:
    assert [(one.file, one.start, one.end) for one in hunks(OLD, NEW)] == [
        ("a", 1, 2),
        ("a", 9, 9),
        ("end", 0, 1),
        ("gone", 0, 1),
        ("new", 0, 0),
    ]


def test_all_changes_give_the_new_config_and_none_the_old() -> None:
    assert hybrid(OLD, hunks(OLD, NEW)) == NEW
    assert hybrid(OLD, []) == OLD


FILES = st.dictionaries(
    st.sampled_from("abc"),
    st.lists(st.sampled_from([b"x\n", b"y\n", b"\xff", b"\r"])).map(b"".join),
)


@given(FILES, FILES, st.randoms())
def test_any_changes_can_be_taken_one_by_one(
    old: dict[str, bytes], new: dict[str, bytes], rng: random.Random
) -> None:
    changes = hunks(old, new)
    assert hybrid(old, rng.sample(changes, len(changes))) == new


def test_some_changes_are_shown_as_a_diff() -> None:
    some = [one for one in hunks(OLD, NEW) if one.file in ("a", "new", "gone")][1:]
    assert list(unified(OLD, some, "old", "new")) == [
        "--- old/a",
        "+++ new/a",
        "@@ -7,3 +7,4 @@",
        " 7",
        " 8",
        " 9",
        "+ten",
        "--- old/gone",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-x",
        "--- /dev/null",
        "+++ new/new",
        "@@ -0,0 +1 @@",
        "+n",
        r"\ No newline at end of file",
    ]
