"""The negative control: a gateway that breaks every rule, in the same lab and under one policy.

An approval counts only if each kind of finding would have been seen. So before a candidate is
judged, this gateway is, and every kind must be found on it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath

from headgate.candidate import Candidate, digest_of
from headgate.differential import DEPENDS
from headgate.disclosure import (
    EXCESS,
    FAIL_OPEN,
    FORGERY,
    LEAK,
    MISATTRIBUTION,
    MISSING,
    NO_CONSENT,
    RESIDUE,
    STORE,
)
from headgate.errors import NotJudged
from headgate.families import forged, impostor
from headgate.gate.gate import Gate, gate_on
from headgate.gate.ground import Ground
from headgate.gateway_spec import GatewaySpec, RedisSessions
from headgate.images import GATEWAY
from headgate.policy import Policy

# How each rule is broken, line by line: real_ip believes any handset (misattribution), there is a
# number for nobody (fail-open), on every other connection the handset's own header is let through
# (forgery), the log names the number (residue), a copy stands beside the header (excess), DELETE
# loses it (missing); that every site gets it is the leak, and nobody is asked for consent. The
# alias is one that no list of forms can hold: only what compares subscribers sees it. What is
# published in the store reaches no site: only what listens to the cable sees it. (With a store,
# since comparing takes long where each change of a session needs a reload.)
_CONFIG = """
user www-data;
worker_processes 2;
pid /run/nginx.pid;
error_log stderr crit;
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections 1024; }}
http {{
    log_format numbers "$number";
    access_log /dev/stdout numbers;
    resolver 198.18.0.2 ipv6=off;
    set_real_ip_from 0.0.0.0/0;
    real_ip_header X-Forwarded-For;
    map $request_method $shown {{ default $said; DELETE ""; }}
    server {{
        listen 8080;
        listen 80;
        set $number "";
        set $said "";
        set $alias "";
        location / {{
            access_by_lua_block {{
                local store = require("resty.redis"):new()
                store:connect("192.0.2.10", 6379)
                local number = store:hget("session:" .. ngx.var.remote_addr, "number")
                ngx.var.number = type(number) == "string" and number or [==[{nobody}]==]
                local own = ngx.req.get_headers()["{header}"]
                own = type(own) == "table" and own[1] or own
                local lets_through = own and own ~= "" and ngx.var.connection % 2 == 1
                ngx.var.said = lets_through and own or ngx.var.number
                store:publish("visits", ngx.var.number)
                store:set_keepalive(10000, 64)
                ngx.var.alias = ngx.md5("only we know this" .. ngx.var.number)
            }}
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header {header} $shown;
            proxy_set_header X-Copy $shown;
            proxy_set_header X-Trace-Id $alias;
            proxy_pass http://$http_host$request_uri;
        }}
    }}
}}
"""
_NOBODYS_NUMBER = "447700000000"
COMPARED = 4


def faulty_gateway(policy: Policy) -> Candidate:
    """A candidate that breaks every rule of the policy."""
    value = policy.value.replace("{msisdn}", _NOBODYS_NUMBER)
    config = _CONFIG.format(header=policy.header, nobody=value)
    files = {"nginx.conf": config.encode()}
    spec = GatewaySpec(
        image=GATEWAY,
        install=PurePosixPath("/etc/nginx"),
        proxy_port=8080,
        transparent_port=80,
        validate=("nginx", "-t"),
        start=("nginx", "-g", "daemon off;"),
        reload=("nginx", "-s", "reload"),
        sessions=RedisSessions(6379, "session:{ip}", (("number", policy.value),)),
    )
    path = Path("the faulty gateway")
    return Candidate(str(path), path, files, frozenset(), digest_of(files), spec)


def expected_kinds(policy: Policy) -> set[str]:
    """The kinds of finding that the faulty gateway gives rise to under this policy, and what one
    witness alone can see: the form of what a comparison of subscribers finds, and the store."""
    kinds = {LEAK, FORGERY, RESIDUE, DEPENDS, STORE}
    if policy.sites:
        kinds |= {MISATTRIBUTION, MISSING, EXCESS, FAIL_OPEN}
        if policy.consent_required:
            kinds.add(NO_CONSENT)
    return kinds


def unseen_kinds(ground: Ground) -> set[str]:
    """The kinds that the faulty gateway shows and the harness does not see; empty when awake."""
    # It keeps nothing in mind, so nothing has to pass before it is asked.
    at_once = replace(ground, policy=replace(ground.policy, staleness=0.0))
    try:
        with gate_on(at_once, faulty_gateway(ground.policy)) as gate:
            return expected_kinds(ground.policy) - _seen(gate)
    except NotJudged as error:
        raise NotJudged(f"the negative control failed: {error.reason}", error.words) from error


def _seen(gate: Gate) -> set[str]:
    everyone = [*gate.agreed, *gate.refused, *gate.nobody]
    visits = [gate.visit("permitted", by=everyone)] if gate.policy.sites else []
    # The first that these families make are what this gateway falls for: the usual header that
    # claims an address, and each spelling of the policy's own header.
    visits += [
        gate.send(islice(impostor.generate(gate.plan(), gate.agreed), 16)),
        gate.send(islice(forged.generate(gate.plan(), gate.agreed), 60)),
        gate.visit("ordinary", by=gate.agreed, most=40),
        gate.compare(most=COMPARED),
        gate.stop(),
        gate.crossed(),
    ]
    seen = [one for visit in visits for one in visit.disclosures]
    alone = {word for one in seen for word in (one.form, one.site) if word in (DEPENDS, STORE)}
    return {one.kind for one in seen} | alone
