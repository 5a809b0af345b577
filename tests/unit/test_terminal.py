"""What a person reads: the verdict, its reason, a table, a sample of each kind; and progress."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headgate.coverage.coverage import Coverage, Figure, Place
from headgate.reports import terminal
from headgate.reports.progress import Progress
from headgate.verdict import Finding, Verdict

LEAK = Finding(
    kind="leak",
    rule=2,
    site="shop.example",
    address="198.19.3.7",
    subscriber="+447700900***",
    form="digits, international",
    where="header x-up-calling-line-id",
    request="ordinary/a1b2c3d4e5f6",
    count=12,
    sample="x-up-calling-line-id: 447700900***",
)
MISSING = replace(LEAK, kind="missing", rule=1, form="", count=2, sample="status 403")


def verdict(word: str, *findings: Finding, **more: Any) -> Verdict:
    numbers = {"requests": 2412, "sites": 180, "handsets": 64, "seconds": 2.94, "seed": "5eed"}
    return Verdict("released", "sha256:ab", word, "the reason", findings, **{**numbers, **more})


def lines(judged: Verdict, **more: Any) -> list[str]:
    return list(terminal.lines(judged, **more))


def rows(findings: Sequence[Finding]) -> list[list[str]]:
    return [re.split(r"  +", row) for row in terminal.table(findings)]


def test_an_approval_is_three_lines() -> None:
    assert lines(verdict("approved")) == [
        "released: approved",
        "  the reason",
        "  2412 requests, 180 sites, 64 handsets, 2.9 s, seed 5eed",
    ]


COVERAGE = Coverage(
    {"servers": Figure(2, 2), "Lua lines": Figure(110, 113)},
    tuple(Place("Lua lines", "lua/a.lua", line, line + 1, f"f({line})") for line in range(1, 8)),
)


def test_what_was_entered_is_a_line_with_the_first_that_never_was_below() -> None:
    shown = lines(verdict("approved", coverage=COVERAGE))
    assert shown[2] == "  entered 2 of 2 servers, 110 of 113 Lua lines"
    assert shown[3] == "  warning: never entered: lua/a.lua:1-2: f(1)"
    assert shown[-2] == "  warning: and 2 more never entered, which verdict.json has"
    assert len(shown) == 3 + 1 + 5 + 1


def test_coverage_that_could_not_be_measured_says_why() -> None:
    shown = lines(verdict("approved", coverage=Coverage(why="does not start: [emerg] oh")))
    assert shown[2] == "  warning: coverage not measured: does not start: [emerg] oh"


def test_a_rejection_has_a_table_and_the_first_sample_of_each_kind() -> None:
    shown = lines(verdict("rejected", LEAK, MISSING, replace(LEAK, where="cookie")))
    assert shown[2] == ""
    assert [line.split()[0] for line in shown[3:7]] == ["kind", "leak", "missing", "leak"]
    assert shown[8:10] == [
        "  first leak (ordinary/a1b2c3d4e5f6): x-up-calling-line-id: 447700900***",
        "  first missing (ordinary/a1b2c3d4e5f6): status 403",
    ]


def test_a_finding_without_a_request_was_made_at_the_end() -> None:
    residue = replace(LEAK, kind="residue", request="", sample="447700900***")
    assert "  first residue (at the end): 447700900***" in lines(verdict("rejected", residue))


def test_what_is_not_judged_has_the_gateways_own_words() -> None:
    words = "nginx: [emerg] unknown directive\n  in /etc/nginx/nginx.conf:7"
    assert lines(verdict("not-judged", words=words))[2:4] == [
        "  | nginx: [emerg] unknown directive",
        "  |   in /etc/nginx/nginx.conf:7",
    ]


def test_doubts_about_a_rejection_are_notes() -> None:
    assert "  note: a worker process ended" in lines(
        verdict("rejected", LEAK, notes=("a worker process ended",))
    )


def test_a_table_has_a_row_for_each_way_in_which_something_went_wrong() -> None:
    assert rows([LEAK, MISSING]) == [
        ["kind", "site", "subscriber", "where", "form", "how many"],
        [
            "leak",
            "shop.example",
            "+447700900***",
            "header x-up-calling-line-id",
            "digits, international",
            "12",
        ],
        ["missing", "shop.example", "+447700900***", "header x-up-calling-line-id", "2"],
    ]


def test_the_sites_of_a_row_are_counted() -> None:
    sites = [replace(LEAK, site=f"site{index}.example") for index in range(60)]
    _, row = rows(sites)
    assert row[1] == "site0.example and 59 more"
    assert row[-1] == str(60 * 12)


def test_the_columns_are_as_wide_as_what_stands_in_them() -> None:
    header, *body = terminal.table([LEAK, replace(MISSING, site="a.b")])
    at = header.index("how many")
    assert [row[at:].strip() for row in body] == ["12", "2"]


def test_a_long_table_ends_with_how_much_is_left() -> None:
    many = [replace(LEAK, where=f"header x-{index}") for index in range(terminal.MOST_ROWS + 3)]
    table = list(terminal.table(many))
    assert len(table) == terminal.MOST_ROWS + 2
    assert table[-1] == "... and 3 more rows, which verdict.json has"


def test_a_long_cell_is_cut() -> None:
    _, row = rows([replace(LEAK, where="header x-" + "y" * 100)])
    assert row[3] == "header x-" + "y" * 30 + "…"


@pytest.mark.parametrize(
    ("word", "code"), [("approved", "32"), ("rejected", "31"), ("not-judged", "33")]
)
def test_colour_is_for_terminals(word: str, code: str) -> None:
    assert lines(verdict(word), colour=True)[0] == f"released: \033[1;{code}m{word}\033[0m"
    assert not any("\033" in line for line in lines(verdict(word, LEAK)))


@pytest.mark.parametrize("text", ["\033[2Jgone", "a\rb", "a\x9bb", "a\x07", "a\u202eb"])
def test_nothing_that_a_gateway_says_steers_the_terminal(text: str) -> None:
    finding = replace(LEAK, site=text, where=text, sample=text)
    shown = lines(replace(verdict("rejected", finding, words=text, notes=(text,)), reason=text))
    assert [line for line in shown if not line.isprintable()] == []
    assert any("\\" in line for line in shown)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_a_phase_in_a_log() -> None:
    log = io.StringIO()
    with Progress(log) as progress:
        progress("putting up the lab")
        progress("starting released")
    first, second = log.getvalue().splitlines()
    assert re.fullmatch(r"headgate:  +\d\.\d s  putting up the lab", first)
    assert second.endswith(" s  starting released")


def test_progress_is_written_over_at_a_terminal_and_gone_at_the_end() -> None:
    screen = Terminal()
    with Progress(screen) as progress:
        progress("putting up the lab")
        progress("starting " + "x" * 500)
    first, second, last = screen.getvalue().removeprefix("\r\033[K").split("\r\033[K")
    assert first == "… putting up the lab"
    assert len(second) < 500
    assert last == ""
    assert "\n" not in screen.getvalue()


def test_progress_is_gone_when_something_fails() -> None:
    screen = Terminal()
    progress = Progress(screen)
    progress("putting up the lab")
    with pytest.raises(RuntimeError), progress:
        raise RuntimeError
    assert screen.getvalue().endswith("\r\033[K")


def test_a_candidates_name_steers_no_terminal() -> None:
    log = io.StringIO()
    with Progress(log) as progress:
        progress("starting \x1b[31mred\ud800")
    assert log.getvalue().endswith("starting \\x1b[31mred\\ud800\n")
