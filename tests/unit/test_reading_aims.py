"""What is sent at the branches of a config, be they written in the words of nginx or in Lua."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.fakes import population_of

from headgate.numbers import Subscriber
from headgate.reading.aim import Aim
from headgate.reading.aiming import MOST_ASKED, PER_BRANCH, aims
from headgate.reading.branches import branches
from headgate.reading.chunk import lua_of
from headgate.reading.config import read_config
from headgate.reading.fitting import addresses, agreeing, ends, guests, numbers
from headgate.reading.shelf import Shelf
from headgate.reading.span import Span

SERVER = "http {{\n{http}\nserver {{\n{server}\nlocation / {{\n{place}\n}} }} }}"


def aimed(http: str = "", server: str = "", place: str = "", **files: str) -> list[Aim]:
    """The aims at a small gateway; `files` are modules of Lua by their names."""
    main = SERVER.format(http=http, server=server, place=place)
    held = {"nginx.conf": main.encode()}
    held |= {f"lua/{name}.lua": text.encode() for name, text in files.items()}
    shelf = Shelf(held)
    config = read_config(shelf)
    return aims(branches(config, lua_of(config, shelf)), random.Random(7))


def asked(aim: Aim) -> dict[str, object]:
    """What an aim asks for, without what it leaves open."""
    plain = Aim(aim.span, aim.near)
    return {
        name: value
        for name, value in vars(aim).items()
        if name not in ("span", "near") and value != getattr(plain, name)
    }


def lua(condition: str) -> str:
    return f"access_by_lua_block {{ if {condition} then end }}"


ARGUMENT = {"arguments": (("debug", "7"),)}
LAB = {"headers": (("x-lab", "yes"),)}
BOTH = {**ARGUMENT, **LAB}
AT_THE_EDGE = ("debug", "0.0.0.7")


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ('if ($arg_debug = 7) { set $x 1; }', ARGUMENT),
        ('if ($arg_debug = "7") { set $x 1; }', ARGUMENT),
        ("if ($http_x_lab = yes) { set $x 1; }", LAB),
        ("if ($cookie_beta = on) { set $x 1; }", {"cookies": (("beta", "on"),)}),
        ("if ($http_user_agent ~ NokiaN9) { }", {"headers": (("user-agent", "NokiaN9"),)}),
        ("if ($request_method = PATCH) { }", {"method": "PATCH"}),
        ("if ($host = beta.example) { }", {"host": "beta.example"}),
        (r"if ($host ~ ^beta\.) { }", {"host": "beta.example"}),
        (r"if ($remote_addr ~ \.7$) { }", {"network": "100.64.128.7"}),
        (lua('ngx.var.host:match("^([^.]+)%.") == "beta"'), {"host": "beta.example"}),
        (lua('string.match(ngx.var.uri, "^/(%w+)/") == "beta"'), {"path": "/beta/"}),
        (lua('ngx.var.http_cookie:match("mode=(%w+)") == "lab"'), {"cookies": (("mode", "lab"),)}),
        (lua('ngx.var.remote_addr:match("%.(%d+)$") == "7"'), {"network": "100.64.128.7"}),
        (lua('ngx.var.remote_addr:sub(-2) == ".7"'), {"network": "100.64.128.7"}),
        (lua('ngx.var.uri:sub(-4) == ".php"'), {"path": "/a.php"}),
        (lua('ngx.var.host:sub(-8, -1) == ".example"'), {"host": "a.example"}),
        (lua('number:find("44770090042")'), {"prefix": "447700900420"}),
        ('if ($request ~ "^PUT /lab/") { }', {"method": "PUT", "path": "/lab/"}),
        ("if ($request ~ lab=7) { }", {"query": "lab=7"}),
        (lua('ngx.req.raw_header():find("X-Lab", 1, true)'), {"headers": (("X-Lab", "1"),)}),
        (lua('ngx.req.raw_header():find("X-Lab: yes", 1, true)'), {"headers": (("X-Lab", "yes"),)}),
        ("if ($subscriber ~ 173$) { }", {"prefix": "447700900173"}),
        (lua('number:sub(-3) == "173"'), {"prefix": "447700900173"}),
        (lua("tonumber(number) % 1000 == 42"), {"prefix": "447700900042"}),
        (lua("tonumber(number) > 447700900990"), {"prefix": "447700900991"}),
        (lua('("beta.example shop.example"):find(x)'), {"host": "shop.example"}),
        ("if ($uri ~ ^/beta/) { }", {"path": "/beta/"}),
        ("if ($remote_addr = 100.64.200.9) { }", {"network": "100.64.200.9"}),
        ("if ($msisdn ~ ^44770090012) { }", {"prefix": "44770090012"}),
        ("if ($server_protocol = HTTP/1.0) { }", {"version": "1.0"}),
        ("if ($content_length = 4711) { }", {"body_size": 4711}),
        ("client_body_buffer_size 12k;", {"body_size": 12289}),
        ("error_page 502 = @elsewhere;", {"status": 502}),
        ("proxy_next_upstream error http_503;", {"status": 503}),
        (
            "access_by_lua_block { if ngx.req.get_body_data():find('beta=1') then f() end }",
            {"fields": (("beta", "1"),)},
        ),
        (
            "set $w $upstream_http_x_want; if ($w = id) { set $x 1; }",
            {"answer_headers": (("x-want", "id"),)},
        ),
        (
            "header_filter_by_lua_block { if ngx.header['X-Want'] == 'id' then f() end }",
            {"answer_headers": (("x-want", "id"),)},
        ),
        ("if ($host ~ \\.shop\\.example$) { set $x 1; }", {"host": "www.shop.example"}),
        (
            "access_by_lua_block { if math.random(11, 110) == 7 then f() end }",
            {"repeat": 688},
        ),
        (
            "access_by_lua_block { if ngx.var.remote_addr:sub(1,11) == '100.64.177.' then f() end}",
            {"network": "100.64.177."},
        ),
        ("deny 100.64.130.0/24;", {"network": "100.64.130.0/24"}),
        ("proxy_set_header X-Trace $arg_trace;", {"arguments": (("trace", "1"),)}),
        ("keepalive_requests 40;", {"repeat": 41, "counted": True}),
        ("proxy_cache_key $uri;", {"repeat": 3, "cached": True}),
        ("set $d $arg_debug; if ($d = 7) { }", ARGUMENT),
        ('set $k "$arg_debug:$http_x_lab"; if ($k = "7:yes") { }', BOTH),
        ("access_by_lua_block { if ngx.var.arg_debug == '7' then f() end }", ARGUMENT),
        ('access_by_lua_block { if ngx.var.arg_debug == "\\55" then f() end }', ARGUMENT),
        ("access_by_lua 'if ngx.var.arg_debug == [[7]] then f() end';", ARGUMENT),
        (
            ("access_by_lua_block { local v = ngx.var\n"
             "if v.arg_debug == '7' and v.http_x_lab == 'yes' then f() end }"),
            BOTH,
        ),
        (
            ("access_by_lua_block { if ngx.var.arg_debug == '7' then\n"
             "if ngx.req.get_headers()['X-Lab'] == 'yes' then f() end end }"),
            BOTH,
        ),
        (
            ("access_by_lua_block { local h = ngx.req.get_headers()\n"
             "if h.x_lab == 'yes' then f() end }"),
            LAB,
        ),
        (
            ("access_by_lua_block { local a = ngx.req.get_uri_args()\n"
             "if tonumber(a.debug) == 7 then f() end }"),
            ARGUMENT,
        ),
        (
            "access_by_lua_block { if ngx.req.get_method() == 'PATCH' then f() end }",
            {"method": "PATCH"},
        ),
        (
            "access_by_lua_block { if (ngx.var.http_x_lab or ''):lower() == 'yes' then f() end }",
            LAB,
        ),
        (
            "access_by_lua_block { if math.random(100) == 1 then f() end }",
            {"repeat": 688},
        ),
        (
            "access_by_lua_block { local n = d:incr('n', 1, 0) if n % 50 == 0 then f() end }",
            {"repeat": 51, "counted": True},
        ),
        (
            ("access_by_lua_block { local t = { ['beta.example'] = true }\n"
             "if t[ngx.var.host] then f() end }"),
            {"host": "beta.example"},
        ),
        (
            "access_by_lua_block { if ngx.re.find(ngx.var.uri, '^/beta/', 'jo') then f() end }",
            {"path": "/beta/"},
        ),
        (
            "access_by_lua_block { if ngx.var.uri:find('^/beta/%d$') then f() end }",
            {"path": "/beta/0"},
        ),
        ('rewrite "^/buy/4711$" /cart last;', {"path": "/buy/4711"}),
        ("if ($arg_debug != 7) { return 403; }", ARGUMENT),
        ("if ($request_length = 14000) { }", {"whole_size": 14000}),
        ("if ($http_content_length = 4711) { }", {"body_size": 4711}),
        ("if ($time_local ~ ^01) { }", {"clock": True}),
        ("access_by_lua_block { if os.date('%H') == '03' then f() end }", {"clock": True}),
        ("access_by_lua_block { local x = ngx.var.arg_debug == '7' f(x) }", ARGUMENT),
        ("access_by_lua_block { local x = ngx.var.arg_debug == '7' if x then f() end }", ARGUMENT),
        ("access_by_lua_block { if ngx.var['arg_' .. 'debug'] == '7' then f() end }", ARGUMENT),
        ("access_by_lua_block { local w = '7' if ngx.var.arg_debug == w then f() end }", ARGUMENT),
        (
            ("access_by_lua_block { local n = 'de' .. 'bug'\n"
             "if ngx.req.get_uri_args()[n] == '7' then f() end }"),
            ARGUMENT,
        ),
        (
            ("access_by_lua_block { for _, w in ipairs({ '6', '7' }) do\n"
             "if ngx.var.arg_debug == w then f() end end }"),
            ARGUMENT,
        ),
        (
            ("access_by_lua_block { local T = { ['7'] = true, [8] = false }\n"
             "local known = T[ngx.var.arg_debug] or false }"),
            ARGUMENT,
        ),
        (
            ("access_by_lua_block { if ngx.var.http_x_lab ~= 'yes' then return end\n"
             "if ngx.var.arg_debug == '7' then f() end }"),
            BOTH,
        ),
        (
            ("access_by_lua_block { if ngx.var.http_x_lab ~= 'yes' then ngx.exit(403) end\n"
             "if ngx.var.arg_debug ~= '7' then return end f() }"),
            BOTH,
        ),
        (
            ("access_by_lua_block { local function lab(h) return h.x_lab == 'yes' end\n"
             "local function on(a, h) return a.debug == '7' and lab(h) end\n"
             "if on(ngx.req.get_uri_args(), ngx.req.get_headers()) then f() end }"),
            BOTH,
        ),
        (
            ("access_by_lua_block { local M = {}\n"
             "M.on = function(a) if a == '7' then return true end return false end\n"
             "if M.on(ngx.var.arg_debug) and ngx.var.http_x_lab == 'yes' then f() end }"),
            BOTH,
        ),
        (
            "access_by_lua_block { if ngx.req.get_post_args().desk == 'cc7' then f() end }",
            {"fields": (("desk", "cc7"),)},
        ),
        (
            "log_by_lua_block { local s = ngx.status if s ~= 507 then return end f() }",
            {"status": 507},
        ),
        (
            "access_by_lua_block { if ngx.re.find(ngx.var.http_x_lab, 'yes') ~= nil then f() end }",
            LAB,
        ),
        (
            ("access_by_lua_block { local N = 50\n"
             "if d:incr(ngx.var.host .. 'x', 1, 0) % N == 0 then f() end }"),
            {"repeat": 51, "counted": True},
        ),
        (
            "access_by_lua_block { if sold.of(1):sub(1, #p) == '44770090037' then f() end }",
            {"prefix": "44770090037"},
        ),
    ],
)  # fmt: skip
def test_a_condition_is_met(place: str, wanted: dict[str, object]) -> None:
    found = [asked(aim) for aim in aimed(place=place)]
    if wanted == {"path": "/beta/0"}:
        assert any(str(one.get("path")).startswith("/beta/") and len(one) == 1 for one in found)
    else:
        assert wanted in found


@pytest.mark.parametrize(
    ("http", "place", "wanted"),
    [
        ("map $arg_debug $d { default 0; 7 1; }", "if ($d) { }", ARGUMENT),
        (
            "map $arg_debug $d { default 0; 7 1; } map $http_x_lab $l { yes 1; }",
            'if ($d$l = "11") { }',
            BOTH,
        ),
        ('map "$arg_debug:$http_x_lab" $d { "~^7:yes$" 1; }', "if ($d) { }", BOTH),
        ("map $arg_debug $d { 7 $l; } map $http_x_lab $l { yes 1; }", "if ($d = 1) { }", BOTH),
        ("geo $lab { default 0; 100.64.130.0/24 1; }", "", {"network": "100.64.130.0/24"}),
        ("geo $host $own { default 0; 127.0.0.0/8 1; }", "", {"host": "127.255.255.255"}),
        (
            "geo $arg_at $own { ranges; 10.0.0.1-10.0.0.9 1; }",
            "",
            {"arguments": (("at", "10.0.0.9"),)},
        ),
        ("split_clients $remote_addr $s { 2% a; * b; }", "", {"repeat": 342}),
        (
            (
                "map $session $msisdn { include subscribers.map; }\n"
                "map $msisdn $trial { ~^447700900[45] 1; }"
            ),
            "",
            {"prefix": "447700900"},
        ),
        (
            "map $host $p { hostnames; *.beta.example 1; }",
            "access_by_lua_block { if ngx.var.p == '1' and ngx.var.arg_debug == '7' then f() end }",
            None,
        ),
    ],
)
def test_a_variable_is_followed_to_what_a_visit_brings(
    http: str, place: str, wanted: dict[str, object] | None
) -> None:
    found = [asked(aim) for aim in aimed(http, place=place)]
    if wanted is None:
        assert any(
            str(one.get("host")).endswith(".beta.example") and one.get("arguments") for one in found
        )
    else:
        assert wanted in found


def test_what_a_function_of_another_file_is_given_is_followed() -> None:
    found = aimed(
        'lua_package_path "/etc/nginx/lua/?.lua;;";',
        place="access_by_lua_block { require('trial').on(ngx.var.http_x_lab) }",
        trial="local M = {}\nfunction M.on(word)\n  if word == 'yes' then f() end\nend\nreturn M\n",
    )
    (aim,) = [aim for aim in found if asked(aim) == LAB]
    assert str(aim.span) == "lua/trial.lua:3:6"


def test_literals_of_one_condition_are_tried_together_first_and_then_alone() -> None:
    found: list[object] = [
        asked(aim)
        for aim in aimed(
            place=(
                "access_by_lua_block { local v = ngx.var\n"
                "if v.arg_debug == '7' and v.http_x_lab == 'yes' then f() end }"
            )
        )
    ]
    assert found.index(BOTH) < found.index(ARGUMENT)
    assert found.index(BOTH) < found.index(LAB)


def test_a_condition_is_also_missed_by_little() -> None:
    near = [asked(aim) for aim in aimed(place="if ($arg_debug = trace) { }") if aim.near]
    values = {dict(one["arguments"])["debug"] for one in near}  # type: ignore[call-overload]
    assert "trac" in values
    assert "trace" not in values


def test_a_condition_inside_a_location_is_tried_there() -> None:
    found = aimed(server="location /beta/ { if ($arg_debug = 7) { return 403; } }")
    assert {**ARGUMENT, "path": "/beta/"} in [asked(aim) for aim in found]


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("#ngx.var.request_uri > 2000", "path"),
        ("#ngx.var.args > 700", "query"),
        ("#(ngx.var.http_cookie or '') > 1000", "cookies"),
    ],
)
def test_what_has_to_be_long_is(place: str, part: str) -> None:
    size = int(place.rpartition(" ")[2])
    found = [aim for aim in aimed(place=lua(place)) if not aim.near]
    texts = [str(asked(aim)[part]) for aim in found if part in asked(aim)]
    assert size < max(map(len, texts)) < size + 20


def test_what_many_have_is_looked_for_so_often_and_no_more() -> None:
    tests = [f'ngx.var.remote_addr:sub(-4) == ".{one}"' for one in range(100, 200)]
    found = [aim for aim in aimed(place=" ".join(map(lua, tests))) if aim.network]
    assert len({aim.span for aim in found}) == MOST_ASKED


def test_an_aim_names_the_condition_that_it_is_at() -> None:
    found = aimed(place="client_max_body_size 1m;\n  if ($arg_debug = 7) { }")
    assert "nginx.conf:7:3" in [str(aim.span) for aim in found if asked(aim) == ARGUMENT]


def test_the_same_seed_gives_the_same_aims() -> None:
    place = 'if ($http_x_lab ~ "^[a-z]{4,9}[^-]$") { }'
    assert aimed(place=place) == aimed(place=place)


def test_no_branch_takes_more_than_its_share() -> None:
    entries = "".join(f"host{n}.example 1; " for n in range(200))
    lab = "map $host $partner { " + entries + "}"
    found = aimed(lab, place="if ($partner) { }")
    at_if = [aim for aim in found if aim.span.line == 6]
    assert len(at_if) <= 3 * PER_BRANCH


def test_what_no_visit_can_bring_is_left_out() -> None:
    place = "access_by_lua_block { if ngx.time() == 5 or ngx.var.pid == '7' then f() end }"
    assert aimed(place=place) == []
    assert aimed(place="access_by_lua_block { if os.date('!%H') == '03' then f() end }") == []


def test_a_time_that_is_only_logged_is_not_asked_for() -> None:
    assert aimed("log_format times '$time_iso8601';") == []


@pytest.mark.parametrize(
    "place",
    [
        'if ($http_x_lab ~ "\\r\\nX: 1") { }',
        'if ($host ~ "a b") { }',
        'access_by_lua_block { if ngx.var.http_x_lab == "a\\nb" then f() end }',
    ],
)
def test_no_aim_breaks_the_lines_of_a_request(place: str) -> None:
    for aim in aimed(place=place):
        words = [*(value for _, value in aim.headers), aim.host or "", aim.path or ""]
        assert not any(char in word for word in words for char in "\r\n ")


POOL = "100.64.128.0/17"
NOWHERE = Span("nginx.conf", 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("network", "wanted"),
    [
        (
            "100.64.130.0/24",
            ("100.64.130.0", "100.64.130.255", "100.64.129.255", "100.64.131.0"),
        ),
        ("100.64.128.0/25", ("100.64.128.0", "100.64.128.127", "100.64.128.128")),
        ("100.64.255.9", ("100.64.255.9", "100.64.255.8", "100.64.255.10")),
        ("100.64.200.1-100.64.200.2", tuple(f"100.64.200.{n}" for n in (1, 2, 0, 3))),
        ("0.0.0.0/0", ("100.64.128.0", "100.64.255.255")),
        ("192.0.2.0/24", ()),
        ("nonsense", ()),
    ],
)
def test_a_range_is_visited_from_both_edges_and_from_beside_them(
    network: str, wanted: tuple[str, ...]
) -> None:
    assert addresses([Aim(NOWHERE, network=network)], POOL) == wanted


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [
        ("44770090012", ("447700900120", "447700900129", "447700900119", "447700900130")),
        ("4477009", ("447700900000", "447700900999")),
        ("447700900999", ("447700900999", "447700900998")),
        ("4912345", ()),
    ],
)
def test_a_prefix_is_visited_from_both_edges_and_from_beside_them(
    prefix: str, wanted: tuple[str, ...]
) -> None:
    assert numbers([Aim(NOWHERE, prefix=prefix)], 447700900000, 447700900999) == wanted


# Who comes for the aims' sake

THERE = {"100.64.130.1": Subscriber("447700900120", "001010000000001")}


def came(*aims: Aim, taken: Sequence[str] = ()) -> dict[str, str]:
    found = guests(aims, THERE, taken, random.Random(7))
    return {address: one.msisdn for address, one in found.items()}


def test_the_beginning_of_an_address_is_a_network() -> None:
    assert ends("100.64.177.") == ends("100.64.177.0/24")
    assert ends("100.64.") == ends("100.64.0.0/16")
    assert ends("100.64") is None


def test_guests_come_to_both_edges_of_a_network_and_beside_them() -> None:
    found = came(Aim(NOWHERE, network="100.64.200.32-100.64.200.47"))
    assert list(found) == ["100.64.200.32", "100.64.200.47", "100.64.200.31", "100.64.200.48"]
    assert len(set(found.values()) - {"447700900120"}) == 4


def test_whoever_has_the_only_number_that_is_wanted_agrees_for_its_sake() -> None:
    refused = {
        "100.64.130.2": Subscriber("447700900173", "001010000000002", consent=False),
        "100.64.130.3": Subscriber("447700900500", "001010000000003", consent=False),
    }
    aims = [Aim(NOWHERE, prefix="447700900173")]
    (address,) = found = agreeing(aims, refused)
    assert found == {address: Subscriber("447700900173", "001010000000002")}
    people = replace(population_of(), refused=refused).joined_by(found)
    assert (people.sessions[address].consent, list(people.refused)) == (True, ["100.64.130.3"])


def test_guests_come_with_the_numbers_that_a_prefix_begins() -> None:
    found = came(Aim(NOWHERE, prefix="44770090012"), taken=["447700900130"])
    assert list(found.values()) == ["447700900129", "447700900119"]
    assert len(set(found) - set(THERE)) == 2


def test_nobody_comes_where_everybody_is_or_nobody_can_be() -> None:
    whole = [Aim(NOWHERE, network=one) for one in ("0.0.0.0/0", POOL, "100.64.0.0/10")]
    assert came(*whole, Aim(NOWHERE, network="192.0.2.0/24"), Aim(NOWHERE, prefix="4912")) == {}


def test_nobody_takes_the_place_of_those_who_are_there() -> None:
    found = came(Aim(NOWHERE, network="100.64.130.0/31"), taken=["100.64.130.2"])
    assert list(found) == ["100.64.130.0", "100.64.129.255"]


# A candidate that is written to keep the reader busy

CHAIN = " ".join(
    f'map "$a{n}$b{n}" $a{n + 1} {{ default 1; 1 $a{n}; 2 $b{n}; 3 3; }}'
    f'map "$b{n}$a{n}" $b{n + 1} {{ default 1; 1 $a{n}; 2 $b{n}; 3 3; }}'
    for n in range(30)
)
MANY = "geo $g { " + "".join(f"10.{n >> 8}.{n & 255}.0/24 {n};" for n in range(40_000)) + " }"
NAMES = "local function f(a, b) return f(b, a) end " * 40
BUSY = {
    "a regex that turns back": ("", 'if ($uri ~ "^/((a+)+)+b$") { }'),
    "a regex in a row": ("", f'if ($uri ~ "^/{"a*" * 60}b$") {{ }}'),
    "a constant for it": (
        f'map 1 $c {{ default "{"a" * 4000}"; }}',
        'if ($c ~ "^(a+)+b$") { }',
    ),
    "a text without end": ("", 'if ($uri ~ "^/((x{900}){900}){900}$") { }'),
    "maps of maps": (CHAIN, "if ($a30 = 3) { }"),
    "a long list": (MANY, "if ($g = 7) { }"),
    "names of names": ("", f"access_by_lua_block {{ {NAMES} if f(f, f) == 1 then g() end }}"),
    "names for questions": (
        "",
        "access_by_lua_block { "
        + " ".join(f"local a{n} = a{n + 1} and a{n + 1} or a{n + 1} == 1" for n in range(60))
        + " if a0 then g() end }",
    ),
    "functions of functions": (
        "",
        "access_by_lua_block { "
        + " ".join(f"function f{n}() return f{n + 1}() and f{n + 1}() end" for n in range(60))
        + " if f0() then g() end }",
    ),
    "tables of tables": (
        "",
        "access_by_lua_block { local T = { "
        + " ".join(f"k{n} = 1," for n in range(5000))
        + " } "
        + " ".join(f"local a{n} = T[ngx.var.arg_a{n}]" for n in range(100))
        + " }",
    ),
    "words put together": (
        "",
        "access_by_lua_block { local a0 = 'x' "
        + " ".join(f"local a{n + 1} = a{n} .. a{n}" for n in range(60))
        + " if ngx.var.arg_x == a60 then g() end }",
    ),
    "a deep condition": (
        "",
        f"access_by_lua_block {{ if {'not (' * 3000}x{')' * 3000} then g() end }}",
    ),
    "a long condition": (
        "",
        f"access_by_lua_block {{ if {'x and ' * 3000}x then g() end }}",
    ),
}


@pytest.mark.timeout(60)  # without its bounds the reader would be at it for years
@pytest.mark.parametrize("busy", BUSY)
def test_no_text_keeps_the_reader_busy(busy: str) -> None:
    http, place = BUSY[busy]
    found = aimed(http, place=place)
    assert len(found) <= 4000
