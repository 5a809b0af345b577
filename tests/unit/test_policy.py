"""Who may learn the number: the policy's file, its hosts, ports and paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import InputError
from headgate.numbers import Subscriber
from headgate.policy import Permission, Policy, Site, load_policy, same_page

NO, YES, EITHER = Permission.NO, Permission.YES, Permission.EITHER

O2 = """\
identifier:
  header: x-up-calling-line-id
  value: "{msisdn}"
consent: required                  # or: not-required
sites:
  - host: premium.example          # this host, no other
    category: premium
  - host: "*.adult.example"        # any name below adult.example, not adult.example itself
    category: adult
  - host: moments.example
    category: partner
    paths: [/offers/]              # only below these paths; without paths, the whole site
"""


def policy_of(
    *sites: Site, header: str = "x-up-calling-line-id", value: str = "{msisdn}"
) -> Policy:
    return Policy(Path("policy.yaml"), header, value, sites=sites)


def loaded(folder: Path, text: str) -> Policy:
    path = folder / "policy.yaml"
    path.write_text(text)
    return load_policy(path)


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, text)
    where = f"{folder / 'policy.yaml'}:"
    assert all(problem.where.startswith(where) for problem in caught.value.problems)
    return [str(problem).removeprefix(where) for problem in caught.value.problems]


def test_a_policy_is_what_its_file_says(tmp_path: Path) -> None:
    assert loaded(tmp_path, O2) == Policy(
        tmp_path / "policy.yaml",
        "x-up-calling-line-id",
        "{msisdn}",
        strip=(),
        consent_required=True,
        staleness=0.0,
        sites=(
            Site("premium.example", "premium"),
            Site("*.adult.example", "adult"),
            Site("moments.example", "partner", ("/offers/",)),
        ),
    )


def test_all_that_is_optional_can_be_said(tmp_path: Path) -> None:
    policy = loaded(
        tmp_path,
        """
identifier: {header: X_MSISDN, value: "+{msisdn};v=1", strip: [X-Nokia-MSISDN, msisdn]}
consent: not-required
staleness: 2.5
sites:
  - {host: Premium.Example., category: "age check", ports: [80, 8080], paths: [/, /b.html]}
  - {host: 198.51.100.7, category: premium}
""",
    )
    assert policy.header == "X_MSISDN"
    assert policy.strip == ("X-Nokia-MSISDN", "msisdn")
    assert not policy.consent_required
    assert policy.staleness == 2.5
    assert policy.sites[0] == Site("premium.example", "age check", ("/", "/b.html"), (80, 8080))
    assert policy.sites[1].host == "198.51.100.7"


def test_an_empty_list_of_sites_permits_nobody(tmp_path: Path) -> None:
    policy = loaded(
        tmp_path, 'identifier: {header: x, value: "{msisdn}"}\nconsent: required\nsites: []'
    )
    assert policy.sites == ()
    assert policy.permits("premium.example", 80, b"/") is NO


def test_sites_left_blank_are_not_taken_for_nobody(tmp_path: Path) -> None:
    assert complaints(tmp_path, SMALL.partition("\n  - host")[0]) == [
        "5:7: sites: expected a list of sites ([] for nobody), found nothing"
    ]


def test_every_key_that_is_missing_is_named_with_an_example(tmp_path: Path) -> None:
    assert complaints(tmp_path, "staleness: 0") == [
        "1:1: identifier is missing: expected such as `identifier: {header: …, value: …}`",
        "1:1: consent is missing: expected such as `consent: required`",
        "1:1: sites is missing: expected such as `sites: [{host: …}]`",
    ]


SMALL = """\
identifier:
  header: x-up-calling-line-id
  value: "{msisdn}"
consent: required
sites:
  - host: premium.example
    category: premium
    ports: [80]
"""

TOKEN = "expected a header name (letters, digits and any of !#$%&'*+-.^_`|~)"
VISIBLE = "expected visible ASCII characters, with spaces only inside"
NOT_TEXT = "the text holds a NUL character or half a surrogate pair: expected neither"
SECONDS = "expected seconds (0 or more, such as 2.5)"
ALONE = "expected the host alone, without scheme, path or port (ports go into `ports`)"
LABELS = "expected a host name: labels of letters, digits, `-` and `_`, joined by dots"
DOTTED = "expected a host name or an IPv4 address in dotted decimal (198.51.100.7)"
STAR = "expected `*` only as the first label, with a name below it"
XN = "expected ASCII (the xn--… form of an international name)"
CATEGORY = "expected the name of a category, printable and without spaces around it"
PATH = "expected a path that begins with `/`, of ASCII characters that need no %-encoding"
DOTS = "expected a path without `//`, `.` and `..`"
PORT = "expected a port (1 to 65535)"
FRAMING = "`Host` is part of every message: expected a header of its own"
EMPTY = "the list is empty: expected"

MISTAKES = [
    (1, "identifer:", "1:1: unknown key `identifer`: did you mean `identifier`?"),
    (2, "header: x up", f"2:11: identifier.header: {TOKEN}, found `x up`"),
    (2, 'header: "x:"', f"2:11: identifier.header: {TOKEN}, found `x:`"),
    (2, "header: é", f"2:11: identifier.header: {TOKEN}, found `é`"),
    (2, "header:", f"2:10: identifier.header: {TOKEN}, found nothing"),
    (2, "header: [x]", f"2:11: identifier.header: {TOKEN}, found a list"),
    (2, "header: Host", f"2:11: identifier.header: {FRAMING}"),
    (
        3,
        'value: "{mssidn}"',
        "3:10: identifier.value: unknown field `{mssidn}`: did you mean `{msisdn}`?",
    ),
    (
        3,
        'value: "{msisdn} {imsi}"',
        "3:10: identifier.value: unknown field `{imsi}`: expected {msisdn}",
    ),
    (
        3,
        'value: "{447700900123}"',
        "3:10: identifier.value: unknown field `{447700900***}`: expected {msisdn}",
    ),
    (
        3,
        'value: "{msisdn"',
        "3:10: identifier.value: a `{` stands alone: expected {msisdn}, or `{{`",
    ),
    (
        3,
        'value: "x}{msisdn}"',
        "3:10: identifier.value: a `}` stands alone: expected {msisdn}, or `}}`",
    ),
    (
        3,
        'value: "447700900123"',
        "3:10: identifier.value: expected a text that holds `{msisdn}`, found `447700900***`",
    ),
    (3, 'value: "{msisdn}{msisdn}"', "3:10: identifier.value: expected `{msisdn}` once"),
    (
        3,
        "value: {msisdn}",
        '3:10: identifier.value: expected a text, such as "{msisdn}" in quotes, found a mapping',
    ),
    (3, 'value: " {msisdn}"', f"3:10: identifier.value: {VISIBLE}, found ` {{msisdn}}`"),
    (
        3,
        'value: "{msisdn}\\r\\nx: 1"',
        f"3:10: identifier.value: {VISIBLE}, found `{{msisdn}}\\r\\nx: 1`",
    ),
    (3, 'value: "{msisdn}é"', f"3:10: identifier.value: {VISIBLE}, found `{{msisdn}}é`"),
    (3, 'value: "{msisdn}\\0"', f"3:10: identifier.value: {NOT_TEXT}"),
    (4, "consent: yes", "4:10: consent: expected required or not-required, found `yes`"),
    (4, "consent: requried", "4:10: consent: found `requried`: did you mean `required`?"),
    (4, "consent:", "4:9: consent: expected required or not-required, found nothing"),
    (4, "consent: required\nstaleness: -1", f"5:12: staleness: {SECONDS}, found `-1`"),
    (4, "consent: required\nstaleness: 5s", f"5:12: staleness: {SECONDS}, found `5s`"),
    (4, "consent: required\nstaleness: .inf", f"5:12: staleness: {SECONDS}, found `.inf`"),
    (4, "consent: required\nstaleness:", f"5:11: staleness: {SECONDS}, found nothing"),
    (4, "consent: required\nstalenes: 1", "5:1: unknown key `stalenes`: did you mean `staleness`?"),
    (
        6,
        "- host: http://premium.example",
        f"6:11: sites.host: {ALONE}, found `http://premium.example`",
    ),
    (6, "- host: premium.example:8080", f"6:11: sites.host: {ALONE}, found `premium.example:8080`"),
    (6, '- host: "2001:db8::1"', f"6:11: sites.host: {ALONE}, found `2001:db8::1`"),
    (6, '- host: "*"', f"6:11: sites.host: {STAR}, found `*`"),
    (6, '- host: "*.*.example"', f"6:11: sites.host: {STAR}, found `*.*.example`"),
    (6, '- host: "a*.example"', f"6:11: sites.host: {STAR}, found `a*.example`"),
    (6, '- host: "*."', f"6:11: sites.host: {STAR}, found `*.`"),
    (6, "- host: *.example", "6:12: not valid YAML: a value that begins with `*` stands in quotes"),
    (6, "- host: prémium.example", f"6:11: sites.host: {XN}, found `prémium.example`"),
    (6, "- host: premium..example", f"6:11: sites.host: {LABELS}, found `premium..example`"),
    (6, "- host: -premium.example", f"6:11: sites.host: {LABELS}, found `-premium.example`"),
    (6, "- host: premium example", f"6:11: sites.host: {LABELS}, found `premium example`"),
    (6, "- host: 198.51.100", f"6:11: sites.host: {DOTTED}, found `19851***`"),
    (6, "- host: 198.51.100.256", f"6:11: sites.host: {DOTTED}, found `198.51.100.256`"),
    (6, '- host: "*.51.100.7"', f"6:11: sites.host: {DOTTED}, found `*.51.100.7`"),
    (6, "- host: 127.0x1", f"6:11: sites.host: {DOTTED}, found `127.0x1`"),
    (6, "- host: 447700900123", f"6:11: sites.host: {DOTTED}, found `447700900***`"),
    (6, "- hots: premium.example", "6:5: unknown key `sites.hots`: did you mean `host`?"),
    (
        6,
        "- premium.example",
        "7:13: not valid YAML: mapping values are not allowed in this context",
    ),
    (7, 'category: " x"', f"7:15: sites.category: {CATEGORY}, found ` x`"),
    (7, "category:", "7:14: sites.category: expected the name of a category, found nothing"),
    (8, "paths: [offers/]", f"8:13: sites.paths: {PATH}, found `offers/`"),
    (8, "paths: [/a?b]", f"8:13: sites.paths: {PATH}, found `/a?b`"),
    (8, "paths: [/caf%C3%A9/]", f"8:13: sites.paths: {PATH}, found `/caf%C3%A9/`"),
    (8, "paths: [/café/]", f"8:13: sites.paths: {PATH}, found `/café/`"),
    (8, "paths: [//a/]", f"8:13: sites.paths: {DOTS}, found `//a/`"),
    (8, "paths: [/a/../b/]", f"8:13: sites.paths: {DOTS}, found `/a/../b/`"),
    (8, "paths: []", f"8:12: sites.paths: {EMPTY} paths (leave it out for the whole site)"),
    (8, "paths: /offers/", "8:12: sites.paths: expected a list of paths, found `/offers/`"),
    (8, "ports: []", f"8:12: sites.ports: {EMPTY} ports (leave it out for port 80)"),
    (8, "ports: 80", "8:12: sites.ports: expected a list of ports, found `80`"),
    (8, "ports: [0]", f"8:13: sites.ports: {PORT}, found `0`"),
    (8, "ports: [65536]", f"8:13: sites.ports: {PORT}, found `65536`"),
    (8, 'ports: ["080"]', f"8:13: sites.ports: {PORT}, found `080`"),
    (8, "ports: [٨٠]", f"8:13: sites.ports: {PORT}, found `٨٠`"),
    (8, "port: [80]", "8:5: unknown key `sites.port`: did you mean `ports`?"),
]


@pytest.mark.parametrize(("line", "written", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(
    tmp_path: Path, line: int, written: str, expected: str
) -> None:
    lines = SMALL.splitlines()
    indentation = " " * (len(lines[line - 1]) - len(lines[line - 1].lstrip()))
    lines[line - 1] = indentation + written
    assert complaints(tmp_path, "\n".join(lines)) == [expected]


def test_every_mistake_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        """\
identifer: {}
identifier: {header: x y, value: x, strip: [a b, Host]}
consent: no
consent: required
sites:
  - host: 1.2.3
  - category: x
    ports: [0]
  - premium.example
""",
    )
    assert [message.split(": ")[0] for message in found] == [
        *("1:1", "2:22", "2:34", "2:45", "2:50", "3:10", "4:1", "6:5", "6:11", "7:5", "8:13", "9:5")
    ]


ADA = Subscriber("447700900123", "001010000000001")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{msisdn}", b"447700900123"),
        ("+{msisdn}", b"+447700900123"),
        ("tel:{msisdn}; x={{}}", b"tel:447700900123; x={}"),
    ],
)
def test_the_identifier_has_the_policys_form(value: str, expected: bytes) -> None:
    assert policy_of(value=value).identifier_for(ADA) == expected


@pytest.mark.parametrize(
    "name", [b"X-Up-Calling-Line-ID", b"x_up_calling_line_id", b"x-up_CALLING-line-id"]
)
def test_the_policys_header_is_known_in_every_spelling(name: bytes) -> None:
    assert policy_of(header="x-up-calling-line_id").named(name)
    assert policy_of(header="x-up-calling-line_id").stripped(name)


@pytest.mark.parametrize("name", [b"x-up-calling-line-id-2", b"x-up-calling-line-i", b"", b"\xff"])
def test_another_header_is_not_the_policys(name: bytes) -> None:
    assert not policy_of().named(name)
    assert not policy_of().stripped(name)


def test_a_name_on_the_strip_list_is_stripped_but_is_not_the_policys() -> None:
    policy = Policy(Path("p"), "x-up-calling-line-id", "{msisdn}", strip=("X_Nokia-MSISDN",))
    assert policy.stripped(b"x-nokia-msisdn")
    assert not policy.named(b"x-nokia-msisdn")


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("premium.example", "premium.example", True),
        ("premium.example", "PREMIUM.Example", True),
        ("premium.example", "premium.example.", True),
        ("Premium.Example.", "premium.example", True),
        ("premium.example", "premium.example..", False),
        ("premium.example", "www.premium.example", False),
        ("premium.example", "evilpremium.example", False),
        ("premium.example", "premium.example.evil.test", False),
        ("premium.example", "premiumxexample", False),
        ("premium.example", "premium.example:80", False),
        ("premium.example", "", False),
        ("*.adult.example", "a.adult.example", True),
        ("*.adult.example", "A.b.ADULT.example.", True),
        ("*.adult.example", "adult.example", False),
        ("*.adult.example", "evil-adult.example", False),
        ("*.adult.example", "a.adult.example.test", False),
        ("*.adult.example", "*.adult.example", True),
        ("kiosk.example", "\u212aios\u212a.example", False),
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.70", False),
        ("198.51.100.7", "7.198.51.100.7", False),
    ],
)
def test_a_host_is_covered_by_its_own_pattern_alone(pattern: str, host: str, covered: bool) -> None:
    site = Site(pattern, "premium")
    assert site.covers(host) is covered
    assert policy_of(site).site_for(host) == (site if covered else None)
    assert (policy_of(site).permits(host, 80, b"/") is not NO) is covered


def test_the_closest_entry_names_the_site() -> None:
    wide, near, own = (Site(host, "x") for host in ("*.example", "*.b.example", "a.b.example"))
    policy = policy_of(wide, near, own)
    assert policy.site_for("a.b.example") is own
    assert policy.site_for("c.b.example") is near
    assert policy.site_for("c.example") is wide
    assert policy.site_for("example") is None


def test_categories_come_once_in_the_order_of_the_file() -> None:
    sites = (Site("a.example", "adult"), Site("b.example", "premium"), Site("c.example", "adult"))
    assert policy_of(*sites).categories == ("adult", "premium")


@pytest.mark.parametrize(("port", "expected"), [(80, YES), (443, NO), (8080, NO)])
def test_only_port_80_is_permitted_unless_the_site_says_so(port: int, expected: Permission) -> None:
    assert policy_of(Site("a.example", "x")).permits("a.example", port, b"/") is expected


def test_a_port_that_the_site_names_is_permitted() -> None:
    policy = policy_of(Site("a.example", "x", ports=(8080,)))
    assert policy.permits("a.example", 8080, b"/") is YES
    assert policy.permits("a.example", 80, b"/") is NO


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        # below, however it is read
        (b"/offers/", YES),
        (b"/offers/x", YES),
        (b"/offers/x?back=/../account", YES),
        (b"/offers//x", YES),
        (b"/offers/.", YES),
        (b"/offers/x/..", YES),
        (b"/offers/%2e", YES),
        (b"/offers/a/%2E%2e/b", YES),
        (b"/offers/%2fx", YES),
        (b"/offers/%23x", YES),
        # parameters and backslashes are no separators, and decoding happens once
        (b"/offers/..;/x", YES),
        (b"/offers/..%5caccount", YES),
        (b"/offers/%252e%252e/account", YES),
        (b"/offers/%c0%ae%c0%ae/x", YES),
        # not below as sent
        (b"", NO),
        (b"?x", NO),
        (b"*", NO),
        (b"/", NO),
        (b"/offers", NO),
        (b"/offers?/offers/", NO),
        (b"/x?/offers/", NO),
        (b"/Offers/x", NO),
        (b"/%6fffers/x", NO),
        (b"/offers%2fx", NO),
        (b"/offers;/x", NO),
        (b"/./offers/x", NO),
        (b"/account/../offers/x", NO),
        (b"offers/x", NO),
        (b"#/offers/", NO),
        # not below once decoded and resolved
        (b"/offers/..", NO),
        (b"/offers/../account", NO),
        (b"/offers/%2e%2e/account", NO),
        (b"/offers/.%2E/account", NO),
        (b"/offers/..%2faccount", NO),
        (b"/offers/%2e%2e%2faccount", NO),
        (b"/offers/x/../../account", NO),
        (b"//offers/../account", NO),
        (b"/offers/%zz/../../account", NO),
        # the two readings of repeated slashes differ
        (b"//offers/x", EITHER),
        (b"///offers/x", EITHER),
        (b"/offers//../account", EITHER),
        (b"/offers/%2f../account", EITHER),
        (b"/offers/..//offers/x", EITHER),
        (b"/offers/x//../../y", EITHER),
        # below, but a gateway may refuse it
        (b"/offers/../../offers/x", EITHER),
        (b"/offers/%zz", EITHER),
        (b"/offers/%", EITHER),
        (b"/offers/%u002e%u002e/x", EITHER),
        (b"/offers/%00", EITHER),
        (b"/offers/..\\account", EITHER),
        (b"/offers/x#y", EITHER),
        (b"/offers/a b", EITHER),
        (b"/offers/\xc3\xa9", EITHER),
        (b"/offers/x?a[]=1", EITHER),
    ],
)
def test_a_path_is_below_only_as_sent_and_also_as_seen(target: bytes, expected: Permission) -> None:
    policy = policy_of(Site("moments.example", "partner", ("/offers/",)))
    assert policy.permits("moments.example", 80, target) is expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/offers", YES),
        (b"/offers?x", YES),
        (b"/offers/", YES),
        (b"/offers/x", YES),
        (b"/offers/x/..", YES),
        (b"/offers-of-others", NO),
        (b"/offers.html", NO),
        (b"/offers/..", NO),
        (b"//offers", EITHER),
    ],
)
def test_a_path_without_a_last_slash_is_that_page_and_what_is_below_it(
    target: bytes, expected: Permission
) -> None:
    policy = policy_of(Site("moments.example", "partner", ("/offers",)))
    assert policy.permits("moments.example", 80, target) is expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", YES),
        (b"", YES),
        (b"?x=1", YES),
        (b"/%2e%2e%2fx", EITHER),
        (b"/a/../b", YES),
        (b"//x", YES),
        (b"*", EITHER),
        (b"/../x", EITHER),
        (b"/%zz", EITHER),
        (b"/a|b", EITHER),
    ],
)
def test_the_whole_site_is_permitted_for_every_well_formed_target(
    target: bytes, expected: Permission
) -> None:
    for site in (Site("a.example", "x"), Site("a.example", "x", ("/",))):
        if target != b"*":
            assert policy_of(site).permits("a.example", 80, target) is expected
    assert policy_of(Site("a.example", "x")).permits("a.example", 80, target) is expected


@pytest.mark.parametrize(
    "host", ["a?.adult.example", "a/b.adult.example", "é.adult.example", ".adult.example"]
)
def test_what_is_no_host_name_may_be_refused(host: str) -> None:
    policy = policy_of(Site("*.adult.example", "adult"))
    assert policy.permits(host, 80, b"/") is EITHER


@pytest.mark.parametrize(
    ("port", "target", "expected"),
    [
        (80, b"/a/x", YES),
        (80, b"/b/x", YES),
        (80, b"/c/x", NO),
        (8080, b"/b/x", YES),
        (8080, b"/a/x", NO),
        (80, b"/a/../b/x", EITHER),  # below one as sent, below the other as seen
        (8080, b"/a/../b/x", NO),
        (80, b"/a/../c/x", NO),
    ],
)
def test_entries_for_one_host_add_up(port: int, target: bytes, expected: Permission) -> None:
    policy = policy_of(
        Site("two.example", "partner", ("/a/",)),
        Site("two.example", "premium", ("/b/",), (80, 8080)),
    )
    assert policy.permits("two.example", port, target) is expected


def test_a_wildcard_for_the_whole_site_adds_to_an_entry_with_paths() -> None:
    policy = policy_of(Site("a.adult.example", "adult", ("/x/",)), Site("*.adult.example", "adult"))
    assert policy.permits("a.adult.example", 80, b"/y") is YES


def test_no_one_else_is_permitted(tmp_path: Path) -> None:
    policy = loaded(tmp_path, O2)
    for host in ("shop.example", "adult.example", "198.51.100.7", "premium.example.test"):
        assert policy.permits(host, 80, b"/offers/") is NO


@pytest.mark.parametrize(
    ("arrived", "sent", "same"),
    [
        (b"/offers/a?x=1", b"/offers/a?x=2", True),
        (b"/offers/a", b"/offers/%61", True),
        (b"/offers/a", b"/x/..//offers/./a", True),
        (b"/", b"/offers/a", False),
        (b"/private/a", b"/offers/a", False),
    ],
)
def test_a_page_is_the_same_however_it_is_spelled(
    arrived: bytes, sent: bytes, *, same: bool
) -> None:
    assert same_page(arrived, sent) is same
