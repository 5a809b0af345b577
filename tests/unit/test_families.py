"""What handsets send: well-formed, recognisable, repeatable, and to whom it was meant for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address
from itertools import islice

import pytest
from tests.unit.fakes import HEADER, SITES, plan_of, policy_of, spec_of

from headgate.agents.framing import request_end
from headgate.families import families
from headgate.families.elsewhere import NO_PORTS, other_paths
from headgate.families.lookalike import lookalikes
from headgate.gateway_spec import GatewaySpec
from headgate.http import Message
from headgate.internet import Internet
from headgate.plan import Plan, lines
from headgate.policy import Permission, Policy, Site
from headgate.request import EXPLICIT, TRANSPARENT, Connection, Request

LABEL = "a" * 63
LONG = ".".join(["b" * 61] * 4) + ".example"[:5]

POLICIES = {
    "the sample": policy_of(*SITES),
    "no sites": policy_of(),
    "an address": policy_of(Site("198.51.100.7", "premium")),
    "an address of one digit a part": policy_of(Site("1.2.3.4", "premium", ("/x",))),
    "a single label": policy_of(Site("intranet", "premium")),
    "wildcards alone": policy_of(Site("*.adult.example", "adult"), Site("*.example", "premium")),
    "a host of two letters": policy_of(Site("a.b", "premium")),
    "a wildcard of one letter": policy_of(Site("*.b", "premium")),
    "a top-level domain": policy_of(Site("com", "premium"), Site("*.com", "premium")),
    "labels as long as can be": policy_of(Site(f"{LABEL}.{LABEL}", "premium")),
    "a name as long as can be": policy_of(Site(LONG, "premium")),
    "an international name": policy_of(Site("xn--bcher-kva.example", "premium")),
    "underscores": policy_of(Site("_dmarc.a_b.example", "premium")),
    "the path of everything": policy_of(Site("moments.example", "partner", ("/",))),
    "a path without a slash": policy_of(Site("moments.example", "partner", ("/offers",))),
    "a deep path": policy_of(Site("moments.example", "partner", ("/a/b/c", "/a/b/d/"))),
    "a page": policy_of(Site("moments.example", "partner", ("/b.html",))),
    "a path of signs": policy_of(Site("moments.example", "partner", ("/~!$&'()*+,;=:@-._/",))),
    "another port": policy_of(Site("premium.example", "premium", ports=(8080,))),
    "several ports": policy_of(Site("premium.example", "premium", ports=(80, 81, 65535))),
    "one host twice": policy_of(
        Site("a.example", "premium", ("/x/",)), Site("a.example", "adult", ("/y/",))
    ),
    "names to strip": policy_of(*SITES, strip=["X_MSISDN", "cookie2", "a!#$%&'*+.^_`|~z"]),
    "a form of its own": policy_of(*SITES, value="tel:+{msisdn};v={{1}}"),
    "every well-known site": policy_of(
        *(Site(host, "premium") for host in lines("ordinary_sites.txt"))
    ),
    "every top-level domain": policy_of(
        *(
            Site(f"*.{top}", "premium")
            for top in {host.rpartition(".")[2] for host in lines("ordinary_sites.txt")}
        )
    ),
    "200 sites": policy_of(
        *(Site(f"site{index}.example", "premium", ("/a/",)) for index in range(200))
    ),
}

SPECS = {
    "both ways": spec_of(),
    "explicit": spec_of(proxy=3128, transparent=None),
    "transparent": spec_of(proxy=None, transparent=8081),
}

MOST = 1000

FAMILIES = sorted(families())
# What the sidedoor family sends goes to the gateway itself, whichever form it has.
BY_MODE = [family for family in FAMILIES if family != "sidedoor"]


@cache
def generated(
    family: str, policy: Policy, *, spec: GatewaySpec | None = None, seed: str = "seed"
) -> list[Connection]:
    """The first connections of a family."""
    plan = plan_of(policy, seed=seed, spec=spec)
    return list(islice(connections(family, plan), MOST))


def connections(family: str, plan: Plan) -> Iterator[Connection]:
    return families()[family].generate(plan, list(plan.population.agreed))


@cache
def everything(policy: Policy, spec: GatewaySpec | None = None) -> list[Connection]:
    """The first connections of every family, from one plan."""
    plan = plan_of(policy, spec=spec)
    return [one for family in BY_MODE for one in islice(connections(family, plan), 120)]


def families_that_apply(policy: Policy) -> set[str]:
    by_site = {"permitted", "lookalike", "elsewhere", "confusion"}
    return set(BY_MODE) if policy.sites else set(BY_MODE) - by_site


def well_formed(connection: Connection) -> list[Request]:
    """Those that a gateway must serve; of the others any may have an odd form."""
    return [one for one in connection.requests if one.binding]


def requests(found: list[Connection]) -> list[Request]:
    return [request for connection in found for request in connection.requests]


@pytest.fixture(params=POLICIES.values(), ids=list(POLICIES))
def policy(request: pytest.FixtureRequest) -> Policy:
    assert isinstance(request.param, Policy)
    return request.param


# What holds for every family under every policy


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_family_generates_under_every_policy_and_in_every_mode(
    policy: Policy, spec: GatewaySpec
) -> None:
    found = everything(policy, spec)
    assert {one.family for one in requests(found)} == families_that_apply(policy)
    for connection in found:
        for one in connection.requests:
            assert one.handset == connection.handset
            assert one.raw.count(one.token.encode()) == 1
            assert re.fullmatch("[A-Za-z0-9]{12,32}", one.token)


def test_explicit_requests_go_to_the_proxy_in_absolute_form(policy: Policy) -> None:
    for connection in everything(policy, SPECS["explicit"]):
        assert (connection.address, connection.port) == ("100.64.0.1", 3128)
        for one in well_formed(connection):
            assert one.mode == EXPLICIT
            host = re.escape(one.host).encode()
            assert re.match(rb"http://%s(:\d+)?/" % host, Message(one.raw).target)


def test_transparent_requests_go_to_the_sites_own_address_in_origin_form(policy: Policy) -> None:
    internet = Internet("seed")
    for connection in everything(policy, SPECS["transparent"]):
        for one in well_formed(connection):
            host = connection.requests[0].host
            assert (connection.address, connection.port) == (internet.address(host), 80)
            assert one.mode == TRANSPARENT
            assert Message(one.raw).target.startswith(b"/")


@pytest.mark.parametrize("family", BY_MODE)
def test_a_gateway_that_offers_both_ways_is_visited_by_both(family: str) -> None:
    modes = Counter(one.mode for one in requests(generated(family, POLICIES["the sample"])))
    assert set(modes) == {EXPLICIT, TRANSPARENT}


def test_a_binding_request_is_one_that_no_gateway_may_refuse(policy: Policy) -> None:
    for one in requests(everything(policy)):
        if not one.binding:
            continue
        assert request_end(one.raw) == len(one.raw)
        message = Message(one.raw)
        names = [field.name.lower() for field in message.fields]
        assert names.count(b"host") == 1
        assert one.method in (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH")
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,254}", one.host)
        assert all(0 < len(label) < 64 for label in one.host.removesuffix(".").split("."))
        assert re.fullmatch(rb"/[!-~]*", one.path)
        (host,) = (field.value for field in message.fields if field.name.lower() == b"host")
        assert host.partition(b":")[0].decode() == one.host


@pytest.mark.parametrize("family", FAMILIES)
def test_only_those_visit_who_were_asked_to(family: str) -> None:
    plan = plan_of(POLICIES["the sample"])
    some = plan.population.nobody[:3]
    found = list(families()[family].generate(plan, some))
    assert {one.handset for one in found} <= set(some)


def test_no_two_requests_of_a_run_share_a_token(policy: Policy) -> None:
    found = [one.token for one in requests(everything(policy))]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_repeats_every_byte(family: str) -> None:
    policy = POLICIES["the sample"]
    again = list(islice(connections(family, plan_of(policy)), MOST))
    assert again == generated(family, policy)


PRINT_DIGEST = """
import hashlib
from headgate.families import families
from tests.unit.fakes import SITES, plan_of, policy_of
plan = plan_of(policy_of(*SITES))
raws = [request.raw for family in families().values()
        for connection in family.generate(plan, list(plan.population.agreed))
        for request in connection.requests]
print(len(raws), hashlib.sha256(b"".join(raws)).hexdigest())
"""


def test_a_seed_repeats_every_byte_in_another_process() -> None:
    def digest(hash_seed: str) -> bytes:
        path = os.pathsep.join(sys.path)
        env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hash_seed}
        return subprocess.run(
            [sys.executable, "-c", PRINT_DIGEST], env=env, check=True, capture_output=True
        ).stdout

    assert digest("1") == digest("2") != b""


@pytest.mark.parametrize("family", BY_MODE)
def test_another_seed_makes_other_requests(family: str) -> None:
    sample = POLICIES["the sample"]
    assert generated(family, sample) != generated(family, sample, seed="another")


def test_each_family_says_what_it_sends_and_which_rule_it_tests() -> None:
    for name, family in families().items():
        assert family.id == name
        assert family.rule in range(1, 6)
        assert family.sentence.startswith("Handsets ") or family.sentence[0].isupper()
        assert family.sentence.endswith(".")


# The permitted


def test_permitted_visits_are_those_that_a_site_must_get_the_number_with(policy: Policy) -> None:
    for one in requests(generated("permitted", policy)):
        port = int(next(iter(re.findall(rb"^http://[^/]*:(\d+)/", Message(one.raw).target)), 80))
        site = policy.site_for(one.host)
        assert site
        if port in site.ports:
            assert policy.permits(one.host, port, one.path) is Permission.YES
        else:
            assert one.mode == TRANSPARENT


@pytest.mark.parametrize("mode", SPECS)
def test_every_site_is_visited_with_every_ordinary_method(mode: str) -> None:
    found = requests(generated("permitted", POLICIES["the sample"], spec=SPECS[mode]))
    for site in POLICIES["the sample"].sites:
        methods = {one.method for one in found if site.covers(one.host)}
        assert methods == {b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"}
    assert any(b" HTTP/1.0\r\n" in one.raw for one in found)


def test_every_port_that_the_policy_names_is_visited() -> None:
    found = requests(generated("permitted", POLICIES["several ports"]))
    hosts = {Message(one.raw).target.split(b"/")[2] for one in found if one.mode == EXPLICIT}
    written = {
        host.lower().removesuffix(b":80").replace(b".:", b":").rstrip(b".") for host in hosts
    }
    assert written == {b"premium.example" + port for port in (b"", b":81", b":65535")}


def test_a_plan_for_one_category_visits_its_sites_alone() -> None:
    policy = POLICIES["the sample"]
    plan = plan_of(policy)
    adult = Plan(
        policy, policy.sites[1:2], plan.spec, plan.population, plan.rng, plan.address_of
    )  # fmt: skip
    hosts = {one.requests[0].host for one in connections("permitted", adult)}
    assert hosts
    assert all(policy.sites[1].covers(host) for host in hosts)


# The others


def test_only_sites_outside_the_policy_are_addressed(policy: Policy) -> None:
    found = [*generated("lookalike", policy), *generated("ordinary", policy)]
    asked = [one for one in requests(found) if one.binding]
    assert [one for one in asked if policy.site_for(one.host)] == []


def test_sixty_ordinary_sites_and_an_address_are_visited() -> None:
    hosts = {one.host for one in requests(generated("ordinary", POLICIES["no sites"]))}
    assert len(hosts) == 61
    assert sum(host.replace(".", "").isdigit() for host in hosts) == 1


def test_a_policy_that_names_every_well_known_site_leaves_addresses() -> None:
    found = requests(generated("ordinary", POLICIES["every top-level domain"]))
    assert found
    assert all(one.host.replace(".", "").isdigit() for one in found)


@pytest.mark.parametrize(
    ("host", "some"),
    [
        (
            "premium.example",
            {
                "premium.example.bbc.co.uk",
                "mypremium.example",
                "premiumxexample",
                "www.premium.example",
                "example",
                "premium.com",
                "premiu.example",
            },
        ),
        ("198.51.100.7", {"198.51.100.7.bbc.co.uk", "19.51.100.7", "198.51.100.com"}),
        ("intranet", {"intranet.bbc.co.uk", "myintranet", "www.intranet"}),
        ("a.b", {"a.b.bbc.co.uk", "mya.b", "axb", "b", "a.com"}),
    ],
)
def test_lookalikes_differ_by_one_slip(host: str, some: set[str]) -> None:
    found = list(lookalikes(host, "my", "bbc.co.uk"))
    assert some <= set(found)
    assert all(label for name in found for label in name.split("."))
    assert all(len(name) < 254 for name in found)


@pytest.mark.parametrize("host", ["198.51.100.7", "1.2.3.4", "255.255.255.255"])
def test_a_lookalike_that_ends_in_a_number_is_an_address(host: str) -> None:
    for name in lookalikes(host, "my", "bbc.co.uk"):
        assert re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", name) or not name[-1].isdigit()


@pytest.mark.parametrize("below", ["/offers/", "/offers", "/a/b/c", "/b.html", "/x"])
def test_other_paths_are_not_below_the_permitted_one(below: str) -> None:
    policy = policy_of(Site("moments.example", "partner", (below,)))
    outcomes = {
        path: policy.permits("moments.example", 80, path.encode()) for path in other_paths(below)
    }
    permitted = [path for path, outcome in outcomes.items() if outcome is Permission.YES]
    assert len(outcomes) > 8
    assert permitted in ([], [f"/{below.strip('/')}"])


def test_nothing_is_beside_the_path_of_everything() -> None:
    assert list(other_paths("/")) == []


def test_other_ports_are_asked_for_by_the_explicit_way_only() -> None:
    found = requests(generated("elsewhere", POLICIES["several ports"]))
    ports = {
        (one.mode, *re.findall(rb":(\d+)/", Message(one.raw).target))
        for one in found
        if one.host == "premium.example"
    }
    asked = {number for _, number in ports}
    assert {mode for mode, _ in ports} == {EXPLICIT}
    assert asked == {b"8080", b"8000", b"0", b"65616"}


def test_a_port_that_is_none_binds_nobody() -> None:
    found = requests(generated("elsewhere", POLICIES["the sample"]))
    none = [one for one in found if one.port in NO_PORTS]
    assert none
    assert not any(one.binding for one in none)


def test_confusion_binds_nobody() -> None:
    found = requests(generated("confusion", POLICIES["the sample"]))
    assert found
    assert not any(one.binding for one in found)


def test_numbers_are_made_up_under_the_policys_name_in_many_spellings() -> None:
    found = requests(generated("forged", POLICIES["the sample"]))
    names = {field.name for one in found for field in Message(one.raw).fields}
    assert {HEADER.encode(), HEADER.upper().encode(), HEADER.replace("-", "_").encode()} <= names
    assert all(value and value in one.raw for one in found for value in one.forged)


def test_a_made_up_number_is_a_strangers() -> None:
    plan = plan_of(POLICIES["names to strip"])
    people = (*plan.population.strangers, *plan.population.spare)
    endings = {who.msisdn[-8:].encode() for who in people}
    found = requests(list(connections("forged", plan)))
    assert {value for one in found for value in one.forged} <= endings


def test_the_names_to_strip_are_forged_too() -> None:
    found = requests(generated("forged", POLICIES["names to strip"]))
    names = {field.name.lower() for one in found for field in Message(one.raw).fields}
    assert {b"x_msisdn", b"cookie2", b"a!#$%&'*+.^_`|~z"} <= names


def test_an_impostor_names_an_address_that_is_not_its_own() -> None:
    plan = plan_of(POLICIES["the sample"])
    for connection in connections("impostor", plan):
        (one,) = connection.requests
        said = connection.manner.preamble + one.raw
        claimed = {
            address
            for address in plan.population.agreed
            if re.search(rb"(?<![0-9.])%s(?![0-9])" % re.escape(address).encode(), said)
            or IPv4Address(address).packed in connection.manner.preamble
        }
        assert claimed
        assert one.handset not in claimed


def test_permitted_and_ordinary_sites_take_turns_on_one_connection() -> None:
    policy = POLICIES["the sample"]
    found = generated("alternating", policy)
    assert {len(one.requests) for one in found} == {6}
    assert {one.pipelined for one in found} == {True, False}
    for connection in found:
        named = [policy.site_for(one.host) is not None for one in connection.requests]
        assert named in ([True, False] * 3, [False, True] * 3)
        binding = connection.requests[0].mode == EXPLICIT
        assert {one.binding for one in connection.requests} == {binding}


def test_side_doors_are_knocked_at_where_there_are_any() -> None:
    plan = plan_of(POLICIES["the sample"])
    assert list(connections("sidedoor", plan)) == []
    plan = Plan(
        plan.policy, plan.sites, plan.spec, plan.population, plan.rng, plan.address_of, [9090, 9091]
    )  # fmt: skip
    found = list(connections("sidedoor", plan))
    assert {(one.address, one.port) for one in found} == {
        ("100.64.0.1", 9090),
        ("100.64.0.1", 9091),
    }
    assert not any(one.binding for one in requests(found))
