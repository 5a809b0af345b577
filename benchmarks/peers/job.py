"""The job that every tool does: 20 sites and 10 handsets are 200 pairs; at 10 of the sites the
header has to be there, with the handset's number, and at the others it must not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SITES = [f"site{number:02}.example" for number in range(20)]
PERMITTED = SITES[:10]
NUMBERS = [f"4477009000{number:02}" for number in range(10)]

GATEWAY, ORIGIN = 18080, 18081
HEADER = "x-up-calling-line-id"
CORE = "x-core-msisdn"


@dataclass(frozen=True)
class Pair:
    """A visit; `expected` is what the site has to get in the header, None for no header."""

    site: str
    number: str
    expected: str | None


def pairs() -> Iterator[Pair]:
    for site in SITES:
        for number in NUMBERS:
            yield Pair(site, number, number if site in PERMITTED else None)


# The candidate's own server, with loopback for the network: the origin answers with what it got.
NGINX = f"""
worker_processes 2;
pid /tmp/peers.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    include permitted.conf;
    server {{
        listen 127.0.0.1:{GATEWAY};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Connection "";
            proxy_set_header {CORE} "";
            proxy_set_header {HEADER} $shown;
            proxy_pass http://127.0.0.1:{ORIGIN};
        }}
    }}
    server {{
        listen 127.0.0.1:{ORIGIN};
        location / {{
            add_header x-seen $http_x_up_calling_line_id;
            return 200 "seen";
        }}
    }}
}}
"""
