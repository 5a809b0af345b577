"""The differential witness on real gateways: it tells what depends on the subscriber from what
merely varies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.candidate import load_candidate
from headgate.differential import DEPENDS, TELLS
from headgate.engines.docker_engine import DockerEngine
from headgate.gate import control
from headgate.gate.session import Session
from headgate.gate.visit import Visit
from headgate.policy import load_policy

HERE = Path(__file__).parent
DEFAULTS = HERE.parents[1] / "gateway_config" / "gateway.yaml"

CONFIG = """
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log stderr crit;
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    resolver 198.18.0.2 ipv6=off;
    {outside}
    map $host $shown {{ default ""; premium.example $agreed; }}
    server {{
        listen 8080;
        listen 80;
        set $number "";
        set $consent "";
        set $extra "";
        location / {{
            {inside}
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header x-up-calling-line-id $shown;
            proxy_pass http://$http_host$request_uri;
        }}
    }}
}}
"""
AGREED = 'map $consent $agreed { default ""; yes $number; }'

# How each feed brings the number into $number, and the consent into $consent.
STORE = """
access_by_lua_block {
    local store = require("resty.redis"):new()
    store:set_timeout(800)
    assert(store:connect("192.0.2.10", 6379))
    local row = store:hmget("session:" .. ngx.var.remote_addr, "msisdn", "consent")
    store:set_keepalive(30000, 64)
    local number = row[1] ~= ngx.null and row[1] or ""
    ngx.var.number, ngx.var.consent = number, row[2] ~= ngx.null and row[2] or ""
    LUA
}
"""
FILE_SESSIONS = "sessions:\n  file: {path: subscribers.map, line: '{ip} \"{consent}:{msisdn}\";'}\n"
FILE = """
    map $remote_addr $session { default ""; include subscribers.map; }
    map $session $digits { default ""; "~:(?<all>.*)$" $all; }
    map $session $agreed { default ""; "~^yes:(?<those>.*)$" $those; }
"""

AES = """
    if number ~= "" then
        local aes = require "resty.aes"
        local cipher = aes:new("a key of the operator's", nil, aes.cipher(128, "ecb"))
        local sealed = cipher:encrypt(number)
        ngx.req.set_header("X-Qd7", (ngx.encode_base64(sealed)))
    end
"""
HALF = "if math.random() < 0.5 then " + AES.replace("\n", " ") + " end"
ATTACHED = 'if number ~= "" then ngx.req.set_header("X-Line", "mobile") end'
ORDER = """
    local names = { "Accept", "Accept-Language", "User-Agent" }
    if number ~= "" then
        local by = tonumber(string.sub(ngx.md5("salt" .. number), 1, 6), 16)
        for i = 1, 3 do
            local swap = by % 3 + 1
            names[i], names[swap] = names[swap], names[i]
            by = math.floor(by / 3)
        end
    end
    local values = {}
    for i = 1, 3 do
        values[i] = ngx.req.get_headers()[names[i]]
        ngx.req.clear_header(names[i])
    end
    for i = 1, 3 do ngx.req.set_header(names[i], values[i]) end
"""
CASE = """
    local odd = number ~= "" and tonumber(string.sub(ngx.md5("salt" .. number), 1, 4), 16) % 2 == 1
    ngx.req.set_header(odd and "X-Via-Node" or "x-via-node", "7")
"""
BEACON = """
    if number ~= "" then
        local sock = ngx.socket.udp()
        sock:setpeername("93.184.5.6", 5514)
        sock:send("seen " .. ngx.md5("salt" .. number))
        sock:close()
    end
"""
PATH = 'ngx.req.set_uri_args((ngx.var.args or "") .. "&s=" .. ngx.md5("salt" .. number))'


def stored(lua: str) -> dict[str, str]:
    return {"nginx.conf": CONFIG.format(outside=AGREED, inside=STORE.replace("LUA", lua))}


def filed(outside: str, inside: str) -> dict[str, str]:
    return {
        "nginx.conf": CONFIG.format(outside=FILE + outside, inside=inside),
        "gateway.yaml": FILE_SESSIONS,
    }


FAULTY = {
    "an encrypted number under a name of its own": (stored(AES), DEPENDS, "header x-qd7"),
    "an encrypted number in half of the requests": (stored(HALF), DEPENDS, "header x-qd7"),
    "a header when somebody is attached": (stored(ATTACHED), TELLS, "header x-line"),
    "an order of header lines": (stored(ORDER), DEPENDS, "order of the header lines"),
    "the case of a header name": (stored(CASE), DEPENDS, "header x-via-node"),
    "a datagram with a hash": (stored(BEACON), DEPENDS, "datagram"),
    "a hash in the query": (
        {
            "nginx.conf": stored(PATH)["nginx.conf"].replace(
                "$http_host$request_uri", "$http_host$uri?$args"
            )
        },
        DEPENDS,
        "query",
    ),
    "a salted hash from a file": (
        filed("", 'set_md5 $extra "salt$digits"; proxy_set_header X-Trace-Id $extra;'),
        DEPENDS,
        "header x-trace-id",
    ),
}
NOISE = """
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header X-Time "$time_iso8601 $msec $request_time";
    proxy_set_header X-Worker $pid;
    proxy_set_header X-Connection "$connection $connection_requests $remote_port";
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Bucket $bucket;
    proxy_set_header X-Zone $zone;
    proxy_set_header X-Second $second;
"""
BUCKETS = """
    split_clients $remote_addr $zone { 50% north; * south; }
    split_clients $request_id $bucket { 50% a; * b; }
    map $time_iso8601 $second { default even; "~[13579][+]" odd; }
"""
SOUND = {
    "noise, with a store": {
        "nginx.conf": CONFIG.format(
            outside=AGREED + BUCKETS, inside=STORE.replace("LUA", "") + NOISE
        )
    },
    "noise, with a file": filed(BUCKETS, NOISE),
    "nobody is served": filed("", 'if ($session = "") { return 403; }'),
    "a limit for each handset": filed(
        "limit_req_zone $binary_remote_addr zone=handsets:1m rate=10r/s;",
        "limit_req zone=handsets;",
    ),
    "pages from a cache": filed(
        "proxy_cache_path /var/cache/nginx/pages keys_zone=pages:1m;",
        "proxy_cache pages; proxy_cache_valid 1m; proxy_cache_key $host$request_uri$shown;",
    ),
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    policy = load_policy(HERE / "candidates" / "policy.yaml")
    with Session(policy, DockerEngine, seed="differential") as session:
        yield session


def compared(session: Session, files: dict[str, str], folder: Path) -> Visit:
    """What the witness sees on a gateway of these files, whose sessions are as before after it."""
    for name, text in files.items():
        (folder / name).write_text(text)
    with session.gate(load_candidate(folder, DEFAULTS)) as gate:
        visit = gate.compare()
        assert gate.gateway.sessions == gate.population.sessions
        assert gate.record.requests >= 9 * 20
    return visit


@pytest.mark.parametrize("fault", FAULTY)
def test_what_depends_on_the_subscriber_is_found(
    session: Session, fault: str, tmp_path: Path
) -> None:
    files, form, where = FAULTY[fault]
    found = compared(session, files, tmp_path).disclosures
    assert {one.where for one in found} == {where}
    assert ("leak", form) in {(one.kind, one.form) for one in found}


@pytest.mark.parametrize("kind", SOUND)
def test_what_merely_varies_is_left_alone(session: Session, kind: str, tmp_path: Path) -> None:
    assert compared(session, SOUND[kind], tmp_path).wrong == []


def test_the_control_shows_a_harness_that_compares_nobody(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.unseen_kinds() == set()
    without = control._CONFIG.replace("proxy_set_header X-Trace-Id $alias;", "")
    monkeypatch.setattr(control, "_CONFIG", without)
    assert control.unseen_kinds(session._ground.result()) == {DEPENDS}
