"""What is marked in a copy, what its marks tell, and which requests are sent to it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from tests.unit.fakes import candidate_of, request_of, spec_of

from headgate.candidate import Candidate
from headgate.coverage.copy import Copy, copy_of
from headgate.coverage.coverage import ENTERED, NEVER, UNMEASURED, Coverage, Figure, Place, in_rows
from headgate.coverage.edits import Edits
from headgate.coverage.figures import coverage_of
from headgate.coverage.measure import Told, measured
from headgate.coverage.sample import (
    MOST_AIMED,
    MOST_LOOKED_AT,
    MOST_OTHERS,
    ordinary,
    sampled,
)
from headgate.errors import InputError
from headgate.gateway_spec import FileSessions
from headgate.reading.span import Text
from headgate.request import Connection, Manner

SERVER = """http {
    server {
        listen 8080;
        if ($arg_debug = 7) { return 403; }
        location / { return 200; }
    }
}
"""
FOLDER = "headgate-coverage.d"


def candidate(main: str = SERVER, **files: str) -> Candidate:
    """A candidate of these files; in their names `__` is a dot and `_` a slash."""
    named = {name.replace("__", ".").replace("_", "/"): text for name, text in files.items()}
    held = {name: text.encode() for name, text in {"nginx.conf": main, **named}.items()}
    return replace(candidate_of(), files=held)


def marked(copy: Copy) -> dict[str, int]:
    """The branches of a copy by their words, with their numbers."""
    return {mark.words: mark.number for mark in copy.marks}


def told(copy: Copy, *words: str, lua: str = "") -> Coverage:
    """The coverage when the branches of these words have been entered."""
    numbers = marked(copy)
    said = "".join(f'http script value: "headgate-mark {numbers[one]}\n' for one in words)
    return coverage_of(copy, said.encode(), lua.encode())


# The copy


def test_each_server_location_and_if_begins_with_its_number() -> None:
    main = copy_of(candidate()).candidate.files["nginx.conf"].decode()
    assert 'server { set $headgate_mark "headgate-mark 1";' in main
    assert '($arg_debug = 7) { set $headgate_mark "headgate-mark 2"; return 403; }' in main
    assert 'location / { set $headgate_mark "headgate-mark 3"; return 200; }' in main


def test_the_requests_of_the_copy_are_logged_by_its_own_log_alone() -> None:
    text = SERVER.replace("listen", "error_log /var/log/nginx/error.log crit; listen")
    copied = copy_of(candidate("error_log stderr notice;\n" + text)).candidate.files
    main = copied["nginx.conf"].decode()
    assert main.startswith("error_log stderr notice;\n")
    assert f'http {{ error_log "/etc/nginx/{FOLDER}/nginx.log" debug_http;' in main
    assert "crit" not in main
    assert copied[f"{FOLDER}/nginx.log"] == b""


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        (
            "map $host $site { hostnames; default a; x.test 'b c'; }",
            (
                'map $host $headgate_values_1 { hostnames; default "headgate-mark 1"; '
                'x.test "headgate-mark 2"; } map $headgate_values_1 $site { '
                'default $headgate_values_1; "headgate-mark 1" a; "headgate-mark 2" \'b c\'; }'
            ),
        ),
        (
            "map $uri $page { volatile; ~^/(.*)$ $1; }",
            (
                'map $uri $headgate_values_1 { volatile; ~^/(.*)$ "headgate-mark 1"; } '
                "map $headgate_values_1 $page { default $headgate_values_1; volatile; "
                '"headgate-mark 1" $1; }'
            ),
        ),
        (
            "geo $near { ranges; default 0; 10.0.0.0-10.0.0.9 1; }",
            (
                'geo $headgate_values_1 { ranges; default "headgate-mark 1"; '
                '10.0.0.0-10.0.0.9 "headgate-mark 2"; } map $headgate_values_1 $near { '
                'default $headgate_values_1; "headgate-mark 1" 0; "headgate-mark 2" 1; }'
            ),
        ),
        (
            'split_clients "$request_uri" $half { 1% a; * b; }',
            (
                'split_clients "$request_uri" $headgate_values_1 { 1% "headgate-mark 1"; '
                '* "headgate-mark 2"; } map $headgate_values_1 $half { default $headgate_values_1; '
                '"headgate-mark 1" a; "headgate-mark 2" b; }'
            ),
        ),
    ],
)
def test_entries_have_their_numbers_and_a_second_map_gives_their_values(
    block: str, wanted: str
) -> None:
    assert (
        wanted in copy_of(candidate(f"http {{ {block} }}")).candidate.files["nginx.conf"].decode()
    )


def test_a_limit_of_methods_writes_its_number_as_an_access_log() -> None:
    main = SERVER.replace("return 200;", "limit_except GET { deny all; }")
    copied = copy_of(candidate(main)).candidate.files["nginx.conf"].decode()
    assert 'log_format headgate_mark_4 "headgate-mark 4";' in copied
    assert f'GET {{ access_log "/etc/nginx/{FOLDER}/nginx.log" headgate_mark_4;' in copied


def test_a_file_that_is_read_twice_has_its_marks_once() -> None:
    main = SERVER.replace("location / { return 200; }", "include one.conf; include ./one.conf;")
    copy = copy_of(candidate(main, one__conf="location /a { return 200; }"))
    assert sum(mark.words == "location /a" for mark in copy.marks) == 1
    assert copy.candidate.files["one.conf"].count(b"headgate-mark") == 1


def test_lines_of_a_file_of_sessions_are_no_branches() -> None:
    sessions = FileSessions(PurePosixPath("subscribers.map"), "{ip} {msisdn};")
    main = "http { map $remote_addr $number { default 0; include subscribers.map; } }"
    given = candidate(main, subscribers__map="100.64.128.1 447700900123;")
    copy = copy_of(replace(given, spec=spec_of(sessions=sessions)))
    assert [mark.words for mark in copy.marks] == ["default in map $remote_addr $number"]
    assert copy.candidate.files["subscribers.map"] == b"100.64.128.1 447700900123;"


def test_what_no_mark_can_see_is_named() -> None:
    main = "stream { server { listen 53; } } http { geo $near { default $x; } }"
    copy = copy_of(candidate(main))
    assert [why for _, why in copy.unmeasured] == [
        "server in stream",
        "a value with a dollar in geo",
    ]


def test_a_config_that_cannot_be_read_has_no_copy() -> None:
    with pytest.raises(InputError):
        copy_of(candidate("http {"))


# Lua in the copy

LUA = """http {
    init_by_lua_block { require "one" }
    lua_package_path "/etc/nginx/?.lua;;";
    server { location / {
        set_by_lua_block $x { return 1 }
        access_by_lua_block {
            if ngx.var.arg_debug then
                ngx.exit(403)
            end
        }
        content_by_lua_file /etc/nginx/two.lua;
    } }
}
"""


def test_blocks_of_lua_run_from_files_and_files_stay_where_they_are() -> None:
    copy = copy_of(candidate(LUA, one__lua="return 1\n", two__lua="ngx.say(1)\n"))
    main = copy.candidate.files["nginx.conf"].decode()
    folder = f"/etc/nginx/{FOLDER}"
    assert f'init_by_lua_file "{folder}/init.lua";' in main
    assert f'set_by_lua_file "$x" "{folder}/2.lua";' in main
    assert f'access_by_lua_file "{folder}/3.lua";' in main
    assert "content_by_lua_file /etc/nginx/two.lua;" in main
    assert copy.candidate.files[f"{FOLDER}/2.lua"] == b" return 1 "
    assert copy.candidate.files["two.lua"] == b"ngx.say(1)\n"
    assert list(copy.chunks) == [
        *(f"{folder}/1.lua", "/etc/nginx/one.lua"),
        *(f"{folder}/2.lua", f"{folder}/3.lua", "/etc/nginx/two.lua"),
    ]


def test_the_hook_is_set_before_the_candidates_own_start() -> None:
    copy = copy_of(candidate(LUA, one__lua="return 1\n"))
    script = copy.candidate.files[f"{FOLDER}/init.lua"].decode()
    assert script.index("sethook(") < script.index(f'dofile("/etc/nginx/{FOLDER}/1.lua")')


def test_a_gateway_without_a_start_of_its_own_gets_one_for_the_hook() -> None:
    main = SERVER.replace("return 200;", "content_by_lua 'ngx.say(1)';")
    files = copy_of(candidate(main)).candidate.files
    assert f'init_by_lua_file "/etc/nginx/{FOLDER}/init.lua";'.encode() in files["nginx.conf"]
    assert f'content_by_lua_file "/etc/nginx/{FOLDER}/1.lua";'.encode() in files["nginx.conf"]
    assert b"dofile" not in files[f"{FOLDER}/init.lua"]


def test_a_gateway_without_lua_stays_without() -> None:
    files = copy_of(candidate()).candidate.files
    assert list(files) == ["nginx.conf", f"{FOLDER}/nginx.log"]


# What is told


def test_a_branch_without_its_number_in_the_log_was_never_entered() -> None:
    coverage = told(copy_of(candidate()), "server (listen 8080)", "location /")
    assert coverage.figures == {
        "servers": Figure(1, 1),
        "locations": Figure(1, 1),
        "ifs": Figure(0, 1),
    }
    assert coverage.never == (Place("ifs", "nginx.conf", 4, 4, "if ($arg_debug = 7)"),)
    states = [coverage.lines["nginx.conf"].get(line) for line in range(1, 8)]
    assert states == [None, ENTERED, ENTERED, NEVER, ENTERED, ENTERED, None]


def test_a_line_with_several_entries_counts_as_entered_when_all_were() -> None:
    copy = copy_of(candidate("http { map $host $x { default 0; a.test 1; } }"))
    assert told(copy, "default in map $host $x").lines == {"nginx.conf": {1: NEVER}}


def test_lines_of_lua_have_the_numbers_of_their_file() -> None:
    copy = copy_of(candidate(LUA))
    path = f"/etc/nginx/{FOLDER}/3.lua"
    # In the block line 2 is its first of Lua, and `end` behind it is nginx's own.
    said = (
        f"can {path}:2,3,4,6\nentered @{path}:2\nentered @{path}:4\nentered @/etc/nginx/a.lua:1\n"
    )
    coverage = told(copy, lua=said)
    assert coverage.figures["Lua lines"] == Figure(2, 3)
    assert Place("Lua lines", "nginx.conf", 8, 8, "ngx.exit(403)") in coverage.never
    assert [coverage.lines["nginx.conf"][line] for line in (7, 8, 9)] == [ENTERED, NEVER, ENTERED]


def test_lua_that_was_not_loaded_is_not_measurable() -> None:
    coverage = told(copy_of(candidate(LUA, two__lua="ngx.say(1)\n")))
    assert Place("Lua lines", "two.lua", 1, 1, "Lua that was not loaded") in coverage.unmeasured
    assert coverage.lines["two.lua"] == {1: UNMEASURED}


def told_of(number: int, requests: int = 1) -> Told:
    return Told(b'http script value: "headgate-mark %d\n' % number, requests=requests)


def test_what_any_of_several_copies_has_entered_was_entered() -> None:
    one = candidate()
    copies = [told_of(1, 30), told_of(3, 12)]
    coverage = measured(one, copies)
    assert coverage.figures["servers"] == coverage.figures["locations"] == Figure(1, 1)
    assert (coverage.figures["ifs"], coverage.requests) == (Figure(0, 1), 42)


def test_one_copy_that_tells_nothing_leaves_coverage_unmeasured() -> None:
    coverage = measured(candidate(), [told_of(1), Told(why="a node is lost")])
    assert (coverage.why, dict(coverage.figures)) == ("a node is lost", {})


def test_a_number_in_the_text_is_masked() -> None:
    copy = copy_of(candidate("http { map $msisdn $x { 447700900123 1; } }"))
    assert told(copy).never[0].words == "447700900*** in map $msisdn $x"


@pytest.mark.parametrize(
    ("left", "entered", "rows"),
    [
        ([3, 4, 7], [1, 9], [(3, 7)]),
        ([3, 4, 7], [5], [(3, 4), (7, 7)]),
        ([], [1], []),
    ],
)
def test_lines_in_a_row_are_one_branch(
    left: list[int], entered: list[int], rows: list[tuple[int, int]]
) -> None:
    assert list(in_rows(left, entered)) == rows


def test_the_json_is_plain_and_has_lines_by_their_state() -> None:
    coverage = told(copy_of(candidate()), "server (listen 8080)")
    plain = json.loads(json.dumps(coverage.as_json()))
    assert plain["measured"] is True
    assert plain["figures"]["servers"] == {"entered": 1, "all": 1}
    assert plain["never_entered"][0] == {
        "kind": "ifs",
        "file": "nginx.conf",
        "line": 4,
        "last": 4,
        "words": "if ($arg_debug = 7)",
    }
    assert plain["lines"] == {"nginx.conf": {ENTERED: [2, 3, 6], NEVER: [4, 5]}}


@pytest.mark.parametrize(
    ("coverage", "doubt"),
    [
        (Coverage(), ""),
        (Coverage(why="does not start"), "coverage not measured: does not start"),
        (
            Coverage(never=(Place("ifs", "nginx.conf", 4, 4, "if ($x)"),)),
            "1 branch was never entered: nginx.conf:4: if ($x)",
        ),
        (
            Coverage(never=(Place("Lua lines", "a.lua", 4, 6, "f()"),) * 2),
            "2 branches were never entered: a.lua:4-6: f()",
        ),
    ],
)
def test_what_a_strict_judge_doubts(coverage: Coverage, doubt: str) -> None:
    assert coverage.doubt == doubt


# Changes to files


def test_changes_are_made_where_the_bytes_stood() -> None:
    text = Text("a.conf", b"one two three")
    edits = Edits()
    edits.replace(text.span(4, 7), b"2")
    edits.insert("a.conf", 13, b"!")
    edits.insert("a.conf", 13, b"?")
    edits.replace(text.span(4, 7), b"again")
    assert edits.changed({"a.conf": text.data, "b": b"b"}) == {
        "a.conf": b"one 2 three!?",
        "b": b"b",
    }


def test_what_stands_in_something_replaced_goes_with_it() -> None:
    text = Text("a.conf", b"one two three")
    edits = Edits()
    edits.replace(text.span(0, 7), b"0")
    edits.replace(text.span(4, 5), b"T")
    assert edits.changed({"a.conf": text.data}) == {"a.conf": b"0 three"}


# The requests


def connection(family: str, number: int, manner: Manner = Manner()) -> Connection:  # noqa: B008
    request = replace(request_of(token=f"{family}{number}"), family=family)
    return Connection((request,), "100.64.0.1", 8080, manner=manner)


def families(sample: list[Connection]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in sample:
        found[one.requests[0].family] = found.get(one.requests[0].family, 0) + 1
    return found


def test_all_that_was_aimed_is_sent_and_of_other_families_as_many_each() -> None:
    sent = [connection("aimed", number) for number in range(MOST_AIMED)]
    sent += [connection("forged", number) for number in range(MOST_OTHERS)]
    sent += [connection("plain", number) for number in range(MOST_OTHERS)]
    found = families(sampled(sent, random.Random(1)))
    assert found == {"aimed": MOST_AIMED, "forged": MOST_OTHERS // 2, "plain": MOST_OTHERS // 2}


def test_of_each_kind_one_is_sent_however_many_others_there_are() -> None:
    sent = [connection("plain", number) for number in range(MOST_LOOKED_AT)]
    odd = [
        b"GET / HTTP/1.0\r\n\r\n",
        b"PUT http://a/ HTTP/1.1\r\nHost: a\r\nHost: b?c\r\n\r\n",
        b"GET http://a:65616/ HTTP/1.1\r\nHost: a:65616\r\n\r\n",
    ]
    for at, raw in enumerate(odd):
        (request,) = sent[7 * at].requests
        sent[7 * at] = replace(sent[7 * at], requests=(replace(request, raw=raw),))
    sent += [connection("forged", number) for number in range(MOST_OTHERS)]
    raws = {one.requests[0].raw for one in sampled(sent, random.Random(1))}
    assert {*odd} <= raws


def test_what_was_sent_again_and_what_takes_its_time_is_left_out() -> None:
    slow = [Manner(lingers=2.0), Manner(stays=True), Manner(goes_on=True)]
    sent = [connection("plain", 1)] * 5
    sent += [connection("plain", 2 + index, manner) for index, manner in enumerate(slow)]
    assert len(sampled(sent, random.Random(1))) == 1


def test_states_of_the_sessions_are_tried_with_plain_visits_of_those_handsets() -> None:
    one, two = connection("plain", 1), connection("plain", 2)
    other = connection("plain", 3)
    other = replace(other, requests=(replace(other.requests[0], binding=False),))
    elsewhere = connection("plain", 4)
    elsewhere = replace(
        elsewhere, requests=(replace(elsewhere.requests[0], handset="100.64.128.9"),)
    )
    slow = connection("plain", 5, Manner(stays=True))
    long = replace(connection("plain", 6), requests=connection("plain", 6).requests * 6)
    sent = [other, elsewhere, slow, long, one, one, two]
    found = ordinary(sent, [one.handset], 2, lambda host: False, random.Random(1))
    assert sorted(found, key=str) == sorted([one, two], key=str)


def test_permitted_sites_and_others_are_visited_in_turn_in_each_state() -> None:
    sent = [connection("plain", number) for number in range(9)]
    one, two = sent[4].requests[0], sent[7].requests[0]
    sent[4] = replace(sent[4], requests=(replace(one, host="shop.example"),))
    sent[7] = replace(sent[7], requests=(replace(two, host="shop.example"),))
    found = ordinary(sent, [one.handset], 5, lambda host: host != "shop.example", random.Random(1))
    hosts = [each.requests[0].host for each in found]
    assert hosts[1::2] == ["shop.example"] * 2
    assert "shop.example" not in hosts[::2]


def test_each_name_of_a_header_line_is_a_kind_of_its_own() -> None:
    """A list of names in Lua is a branch of one line."""
    names = [f"X-Name-{number}".encode() for number in range(50)]
    sent = [named(number, name) for number, name in enumerate([b"X-Same"] * 500 + names)]
    found = sampled(sent, random.Random(1), 60)
    seen = {field.name for one in found for field in one.requests[0].message.fields}
    assert {*names} <= seen


def named(number: int, name: bytes) -> Connection:
    one = connection("forged", number)
    request = one.requests[0]
    raw = request.raw.replace(b"\r\n\r\n", b"\r\n%s: a\r\n\r\n" % name)
    return replace(one, requests=(replace(request, raw=raw),))
