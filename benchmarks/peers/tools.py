"""How each tool is told the job, and a job in which nothing is checked, as its own documentation
has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from job import CORE, GATEWAY, Pair

URL = f"http://127.0.0.1:{GATEWAY}/"

Write = Callable[[Path, Sequence[Pair]], None]


@dataclass(frozen=True)
class Tool:
    """`write` puts the job into a folder, in which `command` is run; with no pairs, an empty job.

    `requirements` are for a virtual environment of its own, `packages` Debian's for a root of its
    own; without either it has to be on the machine. `sees` is what of a leak it can see.
    """

    name: str
    write: Write
    command: Sequence[str]
    sees: str
    requirements: Sequence[str] = ()
    packages: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


AT_ORIGIN = "the one header, as the origin tells of it"

# varnishtest


def varnishtest(folder: Path, pairs: Sequence[Pair]) -> None:
    lines = ['varnishtest "200 pairs"', f"client c1 -connect 127.0.0.1:{GATEWAY} {{"]
    for pair in pairs:
        expected = f'"{pair.expected}"' if pair.expected else "<undef>"
        lines += [
            f'    txreq -hdr "Host: {pair.site}" -hdr "{CORE}: {pair.number}"',
            "    rxresp",
            f"    expect resp.http.x-seen == {expected}",
        ]
    # Without a pair, the client's side of the job is left out, and an origin waits for nobody.
    origin = ["server s1 {", "    rxreq", '    expect req.http.x == "y"', "} -start"]
    text = [*lines, "} -run"] if pairs else [*lines[:1], *origin]
    (folder / "pairs.vtc").write_text("\n".join(text) + "\n")


# pytest


def pytest_requests(folder: Path, pairs: Sequence[Pair]) -> None:
    rows = [(pair.site, pair.number, pair.expected) for pair in pairs]
    test = f'''
import pytest
import requests

@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session

@pytest.mark.parametrize(("site", "number", "expected"), {rows!r})
def test_pair(http, site, number, expected):
    answer = http.get("{URL}", headers={{"Host": site, "{CORE}": number}})
    assert answer.headers.get("x-seen") == expected
'''
    (folder / "test_pairs.py").write_text(test)


# Outlines

_OUTLINE = """\
Feature: Who is told
  Scenario Outline: <site> and <number>
    When <number> visits <site>
    Then the site has seen <expected>

    Examples:
      | site | number | expected |
"""


def _outline(pairs: Sequence[Pair]) -> str:
    rows = (f"      | {one.site} | {one.number} | {one.expected or 'nothing'} |" for one in pairs)
    return _OUTLINE + "\n".join(rows) + "\n"


def behave(folder: Path, pairs: Sequence[Pair]) -> None:
    (folder / "features" / "steps").mkdir(parents=True)
    (folder / "features" / "pairs.feature").write_text(_outline(pairs))
    steps = f'''
import requests
from behave import then, when

http = requests.Session()

@when("{{number}} visits {{site}}")
def visit(context, number, site):
    context.answer = http.get("{URL}", headers={{"Host": site, "{CORE}": number}})

@then("the site has seen {{expected}}")
def seen(context, expected):
    assert context.answer.headers.get("x-seen", "nothing") == expected
'''
    (folder / "features" / "steps" / "steps.py").write_text(steps)


def pytest_bdd(folder: Path, pairs: Sequence[Pair]) -> None:
    (folder / "pairs.feature").write_text(_outline(pairs))
    test = f'''
import pytest
import requests
from pytest_bdd import parsers, scenarios, then, when

scenarios("pairs.feature")

@pytest.fixture(scope="session")
def http():
    with requests.Session() as session:
        yield session

@when(parsers.parse("{{number}} visits {{site}}"), target_fixture="answer")
def visit(http, number, site):
    return http.get("{URL}", headers={{"Host": site, "{CORE}": number}})

@then(parsers.parse("the site has seen {{expected}}"))
def seen(answer, expected):
    assert answer.headers.get("x-seen", "nothing") == expected
'''
    (folder / "test_pairs.py").write_text(test)


# tavern


def tavern(folder: Path, pairs: Sequence[Pair]) -> None:
    (folder / "test_pairs.tavern.yaml").write_text("---\n".join(map(_tavern, pairs)))
    (folder / "told.py").write_text(
        'def nothing(response):\n    assert "x-seen" not in response.headers\n'
    )


def _tavern(pair: Pair) -> str:
    expected = (
        f'headers: {{x-seen: "{pair.expected}"}}'
        if pair.expected
        else "verify_response_with: {function: told:nothing}"
    )
    return f"""\
test_name: {pair.site} and {pair.number}
stages:
  - name: visit
    request:
      url: {URL}
      method: GET
      headers: {{Host: {pair.site}, {CORE}: "{pair.number}"}}
    response:
      status_code: 200
      {expected}
"""


# hurl and goss


def hurl(folder: Path, pairs: Sequence[Pair]) -> None:
    (folder / "pairs.hurl").write_text("\n".join(map(_hurl, pairs)))


def _hurl(pair: Pair) -> str:
    assertion = f'== "{pair.expected}"' if pair.expected else "not exists"
    return (
        f"GET {URL}\nHost: {pair.site}\n{CORE}: {pair.number}\nHTTP 200\n"
        f'[Asserts]\nheader "x-seen" {assertion}\n'
    )


def goss(folder: Path, pairs: Sequence[Pair]) -> None:
    entries = "".join(map(_goss, pairs))
    (folder / "goss.yaml").write_text(f"http:\n{entries}" if pairs else "{}\n")


def _goss(pair: Pair) -> str:
    # It can say that a header is there, and not that it is not.
    expected = f'    headers: ["X-Seen: {pair.expected}"]\n' if pair.expected else ""
    return (
        f"  {pair.site} {pair.number}:\n    url: {URL}\n    status: 200\n"
        f'    request-headers: ["Host: {pair.site}", "{CORE}: {pair.number}"]\n{expected}'
    )


QUIET = ("-q", "-p", "no:cacheprovider")

TOOLS = (
    Tool(
        "varnishtest", varnishtest, ("varnishtest", "pairs.vtc"), AT_ORIGIN,
        packages=("varnish", "libvarnishapi3"),
    ),
    Tool("hurl", hurl, ("hurl", "--test", "pairs.hurl"), AT_ORIGIN),
    Tool("goss", goss, ("goss", "validate"), "that the header is there, not that it is absent"),
    Tool(
        "pytest with requests", pytest_requests, ("pytest", *QUIET), AT_ORIGIN,
        requirements=("pytest>=9.2,<10", "requests>=2.34,<3"),
    ),
    Tool(
        "behave, an outline", behave, ("behave", "--format", "progress"), AT_ORIGIN,
        requirements=("behave==1.3.*", "requests>=2.34,<3"),
    ),
    Tool(
        "pytest-bdd, an outline", pytest_bdd, ("pytest", *QUIET), AT_ORIGIN,
        requirements=("pytest>=9.2,<10", "pytest-bdd==9.0.*", "requests>=2.34,<3"),
    ),
    Tool(
        "tavern", tavern, ("pytest", *QUIET), AT_ORIGIN,
        requirements=("pytest<9.2", "tavern==3.7.*"), variables={"PYTHONPATH": "."},
    ),
)  # fmt: skip
