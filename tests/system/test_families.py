"""Each family of requests finds a real gateway's fault that the others pass by.

The gateways are small: one sound config, with one fault a case, as maintenance leaves them behind.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.system.runs import DEFAULTS

from headgate.candidate import load_candidate
from headgate.families import families
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.gate.visit import Visit

# What a family sends comes in one round; the features send more.
FAMILIES = sorted(set(families()) - {"sidedoor"})

# Consent is in the list itself: who has not agreed has no line that counts.
SESSIONS = "sessions:\n  file: {path: subscribers.map, line: '{ip} \"{consent}:{msisdn}\";'}\n"

CONFIG = """
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log stderr crit;
include /etc/nginx/modules-enabled/*.conf;
events { worker_connections 1024; }
http {
    access_log off;
    resolver 198.18.0.2 ipv6=off;
    map $remote_addr $session { default ""; include subscribers.map; }
    map $session $number { default ""; "~^yes:(?<agreed>.*)$" $agreed; }
    map $session $anyone { default ""; "~:(?<all>.*)$" $all; }
    map $host $told { default ""; premium.example $number; }
    HTTP
    server {
        listen 8080;
        listen 80;
        server_name "";
        if ($host !~ "^[a-z0-9._-]+$") { return 400; }
        set $shown $told;
        SERVER
        location / {
            PLACE
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header x-up-calling-line-id $shown;
            proxy_ignore_headers X-Accel-Redirect;
            proxy_pass http://$host$request_uri;
        }
    }
}
"""

PASS = """
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header x-up-calling-line-id $number;
"""

FALLBACK = (
    "location @fallback {" + PASS + "proxy_pass http://search.example/?for=$host&$request_uri; }"
)
FOLLOW = (
    "location @follow { set $to $upstream_http_location; "
    + PASS.replace("Host $host", "Host $proxy_host").replace("$number", "$told")
    + " proxy_pass $to; }"
)
CACHE = "proxy_cache_path /var/cache/nginx keys_zone=pages:1m;"
CLAIMED = """
    map "$host $http_x_consent" $claimed { default $told; "premium.example yes" $anyone; }
"""
# A variable of the module, and a pause in which another request may set it.
SHARED = """
    access_by_lua_block {
        current = ngx.var.told
        ngx.req.read_body()
        ngx.var.shown = current
    }
"""

# name: (what stands in http, in server and in the location), the family that is made for it, and
# others that may find it too
FAULTS: dict[str, tuple[tuple[str, str, str], list[str]]] = {
    "an unusual method": (
        ("", "if ($request_method = PROPFIND) { set $shown $number; }", ""),
        ["plain", "forged"],
    ),
    "an old version": (
        ("", "if ($server_protocol = HTTP/1.0) { set $shown $number; }", ""),
        ["plain", "confusion", "smuggled"],
    ),
    "an upgrade": (
        ("", "if ($http_upgrade) { set $shown $number; }", ""),
        ["plain", "smuggled", "misbehaving"],
    ),
    "a part of a page": (("", "if ($http_range) { set $shown $number; }", ""), ["plain"]),
    "a long cookie": (
        ("", 'if ($http_cookie ~ "^.{2000}") { set $shown $number; }', ""),
        ["plain"],
    ),
    "a body in chunks": (
        ("", "if ($http_transfer_encoding ~* chunked) { set $shown $number; }", ""),
        ["bodies", "alternating", "forged", "smuggled"],
    ),
    "a body larger than the limit": (
        (
            "client_max_body_size 64k;",
            "error_page 413 = @large; location @large { client_max_body_size 1m;"
            + PASS
            + "proxy_pass http://$host$request_uri; }",
            "",
        ),
        ["bodies"],
    ),
    "a variable that requests share": (("", "", SHARED), ["unsteady", "bodies"]),
    "a second visit on one connection": (
        ("", 'if ($connection_requests !~ "^1$") { set $shown $number; }', ""),
        ["alternating", "smuggled"],
    ),
    "a host written large": (
        ("", 'if ($http_host ~ "[A-Z]") { set $shown $number; }', ""),
        ["lookalike", "confusion"],
    ),
    "a page that is not there": (
        ("", FALLBACK, "proxy_intercept_errors on; error_page 404 = @fallback;"),
        ["misbehaving"],
    ),
    "a site that hangs up": (
        ("", FALLBACK, "error_page 502 504 = @fallback;"),
        ["misbehaving", "lookalike", "confusion"],
    ),
    "a redirect that is followed": (
        ("", FOLLOW, "proxy_intercept_errors on; error_page 301 302 307 = @follow;"),
        ["misbehaving"],
    ),
    "a page that is kept": (
        (CACHE, "", "proxy_cache pages; proxy_cache_key $host$request_uri;"),
        ["misbehaving"],
    ),
    "a page that includes another": (
        (
            "",
            "location /internal/ { internal;" + PASS + "proxy_pass http://$host/part; }",
            "ssi on; proxy_set_header Accept-Encoding '';",
        ),
        ["misbehaving"],
    ),
    # It is told to the permitted site alone, or it would be a leak that every family sees.
    "consent that the handset claims": (
        (
            CLAIMED,
            "set $shown $claimed;",
            "",
        ),
        ["claimed"],
    ),
}


# What nobody can guess: only who reads the config finds it.
_DO = "set $shown $number;"
_LUA = "access_by_lua_block { if %s then ngx.var.shown = ngx.var.number end }"
HIDDEN: dict[str, tuple[str, str, str]] = {
    "an argument": ("", f"if ($arg_debug = 7) {{ {_DO} }}", ""),
    "a cookie": ("", f"if ($cookie_beta = on) {{ {_DO} }}", ""),
    "a browser": ("", f"if ($http_user_agent ~ ^Nokia9999) {{ {_DO} }}", ""),
    "a header of the engineers'": ("", f'if ($http_x_lab ~ "^[a-f]{{4}}$") {{ {_DO} }}', ""),
    "a path": ("", "", f"if ($uri ~ ^/status/v2/) {{ {_DO} }}"),
    "a method": ("", f"if ($request_method = REPORT) {{ {_DO} }}", ""),
    "a host": ("", f"if ($host = beta.shop.example) {{ {_DO} }}", ""),
    "two things at once": (
        'map "$arg_mode:$http_x_lab" $trial { default 0; "~^full:(?:yes|on)$" 1; }',
        f"if ($trial) {{ {_DO} }}",
        "",
    ),
    "two things at once, in Lua": (
        "",
        "",
        _LUA % "ngx.var.arg_mode == 'full' and ngx.req.get_headers()['X-Lab'] == 'yes'",
    ),
    "one handset in fifty, by chance": (
        "split_clients $request_id $trial { 2% 1; * 0; }",
        f"if ($trial) {{ {_DO} }}",
        "",
    ),
    "the fortieth request of a connection": (
        "",
        "",
        _LUA % "tonumber(ngx.var.connection_requests) == 40",
    ),
    "a size": ("", "", _LUA % "tonumber(ngx.var.content_length or 0) > 70000"),
    "every fiftieth request of a worker": (
        "",
        "",
        (
            "access_by_lua_block { local all = package.loaded; all.hits = (all.hits or 0) + 1; "
            "if all.hits % 50 == 0 then ngx.var.shown = ngx.var.number end }"
        ),
    ),
    "a name in a table": (
        "",
        "",
        (
            "access_by_lua_block { local some = { ['beta.shop.example'] = true }; "
            "if some[ngx.var.host] then ngx.var.shown = ngx.var.number end }"
        ),
    ),
    "a query as a whole": ("", f'if ($args = "mode=full") {{ {_DO} }}', ""),
    "some subscribers": ("", f"if ($number ~ ^4477009001) {{ {_DO} }}", ""),
    "a location": (
        "",
        'location ~ "^/(?:trial|beta)/[0-9]{3}$" {'
        + PASS
        + "proxy_pass http://$host$request_uri; }",
        "",
    ),
    "a part of the pool": (
        "geo $trial { default 0; 100.64.128.0/24 1; 100.64.255.0/24 1; }",
        f"if ($trial) {{ {_DO} }}",
        "",
    ),
    "a status": ("", FALLBACK, "proxy_intercept_errors on; error_page 418 423 = @fallback;"),
}


@contextlib.contextmanager
def running(session: Session, folder: Path, parts: tuple[str, str, str]) -> Iterator[Gate]:
    folder.mkdir()
    config = CONFIG
    for place, part in zip(("HTTP", "SERVER", "PLACE"), parts, strict=True):
        config = config.replace(f" {place}\n", f" {part}\n")
    (folder / "nginx.conf").write_text(config)
    (folder / "gateway.yaml").write_text(SESSIONS)
    with session.gate(load_candidate(folder, DEFAULTS)) as gate:
        yield gate


def visits(gate: Gate) -> dict[str, Visit]:
    """One round of each family; what is claimed is claimed by those who have not agreed."""
    return {
        family: gate.visit(family, by=gate.refused if family == "claimed" else gate.agreed)
        for family in FAMILIES
    }


def test_the_gateway_without_a_fault_is_found_sound(warm: Session, tmp_path: Path) -> None:
    with running(warm, tmp_path / "candidate", ("", "", "")) as gate:
        seen = visits(gate)
        assert {name: visit.wrong for name, visit in seen.items() if visit.wrong} == {}
        assert gate.record.unproved == []
        assert gate.stop().wrong == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_family_that_is_made_for_it(
    warm: Session, tmp_path: Path, fault: str
) -> None:
    parts, expected = FAULTS[fault]
    with running(warm, tmp_path / "candidate", parts) as gate:
        seen = visits(gate)
    finders = {name for name, visit in seen.items() if visit.wrong}
    assert expected[0] in finders
    # Who reads the config may find any of them.
    assert {name: seen[name].wrong for name in finders.difference(expected, {"aimed"})} == {}


@pytest.mark.parametrize("fault", HIDDEN)
def test_what_nobody_can_guess_is_read_in_the_config(
    warm: Session, tmp_path: Path, fault: str
) -> None:
    with running(warm, tmp_path / "candidate", HIDDEN[fault]) as gate:
        visit = gate.visit("aimed", by=gate.agreed)
    assert visit.sites_with("leak")


# What nginx does not do at all, or refuses by itself, another make of gateway may do.
PROXY = Path(__file__).parent / "proxy"
FAULTS_OF_THE_PROXY = {
    "none": "",
    "tunnel": "tunnel",  # it writes the number in front of what goes through a tunnel
    "length": "smuggled",  # it takes Content-Length where there is a coding too
    "trailer": "forged",  # it passes the fields behind a chunked body on
    "preamble": "impostor",  # it believes whoever speaks the PROXY protocol
}
TRIED = ("bodies", "forged", "impostor", "plain", "smuggled", "tunnel")


@pytest.mark.parametrize("fault", FAULTS_OF_THE_PROXY)
def test_a_fault_of_another_gateway_is_found_by_its_family(
    warm: Session, tmp_path: Path, fault: str
) -> None:
    folder = tmp_path / "candidate"
    shutil.copytree(PROXY, folder)
    (folder / "fault").write_text(fault)
    with warm.gate(load_candidate(folder, DEFAULTS)) as gate:
        seen = {family: gate.visit(family, by=gate.agreed) for family in TRIED}
    wrong = {name: visit.wrong for name, visit in seen.items() if visit.wrong}
    assert set(wrong) == {FAULTS_OF_THE_PROXY[fault]} - {""}, wrong
