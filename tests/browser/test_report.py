"""The report as people have it: in a browser, narrow and wide, by mouse and by keyboard.

What it looks like is kept as pictures in `.cache/report/`, for whoever changes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from tests.browser.chromium import Chromium, Page, chromium
from tests.unit.records import explained, finding_of, leaky, sound, verdict_of
from tests.unit.test_report import hostile

from headgate.record import Record
from headgate.reports import folder as report_folder
from headgate.reports import pages

KEPT = Path(__file__).resolve().parents[2] / ".cache" / "report"
NARROW, WIDE = 360, 1920
INDEX, SOUND, LEAKY = "index.html", "1-released.html", "2-next.html"
HOSTILE = "3-"

AXE = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
_VIOLATIONS = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(
  one => `${one.impact} ${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 200)}`))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    report_folder.clear(folder)
    report_folder.write(folder, records := [sound(), explained(), hostile()], pages.pages(records))
    return folder


def every_page(report: Path) -> list[Path]:
    return sorted(report.glob("*.html"))


def where(page: Page) -> str:
    return str(page.ask("location.href")).rpartition("/")[2]


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_of_accessibility_finds_nothing(
    browser: Chromium, report: Path, width: int, scheme: str
) -> None:
    for path in every_page(report):
        with browser.page(width, prefers_color_scheme=scheme) as page:
            page.open(path)
            page.screenshot(KEPT / f"{path.stem[:20]}-{width}-{scheme}.png")
            page.ask(f"{AXE}; 0")
            assert page.ask(_VIOLATIONS) == [], path.name


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_page_is_wider_than_its_screen(browser: Chromium, report: Path, width: int) -> None:
    for path in every_page(report):
        with browser.page(width) as page:
            page.open(path)
            assert page.ask("document.documentElement.scrollWidth") <= width, path.name


def test_the_matrix_fits_a_telephone(browser: Chromium, report: Path) -> None:
    with browser.page(NARROW) as page:
        page.open(report / LEAKY)
        table = "document.querySelector('.matrix')"
        assert page.ask(f"{table}.scrollWidth <= {table}.parentElement.clientWidth")


def test_nothing_is_fetched_and_nothing_is_complained_of(browser: Chromium, report: Path) -> None:
    for path in every_page(report):
        with browser.page(WIDE) as page:
            page.open(path)
            page.click("body")
            assert page.fetched == [path.as_uri()]
            assert page.complaints == []


def test_a_hostile_gateways_words_do_nothing(browser: Chromium, report: Path) -> None:
    (path,) = report.glob(f"{HOSTILE}*")
    with browser.page(WIDE) as page:
        page.open(path)
        assert page.ask("document.querySelectorAll('script, img').length") == 0
        assert page.ask("document.querySelector('.reason').textContent").startswith("<script>")


def test_the_reports_own_policy_would_stop_a_script(browser: Chromium, report: Path) -> None:
    """The second wall, were the first to fall: what a page did not bring along does not run."""
    path = report / "breached.html"
    text = (report / LEAKY).read_text("utf-8")
    script = "<script>document.title = 'run'</script><img src='http://192.0.2.1/seen'></body>"
    path.write_text(text.replace("</body>", script), "utf-8")
    try:
        with browser.page(WIDE) as page:
            page.open(path)
            assert page.ask("document.title").startswith("rejected: ")
            assert len(page.complaints) == 2
    finally:
        path.unlink()


# Clicking through


def test_the_index_leads_to_each_candidate_and_back(browser: Chromium, report: Path) -> None:
    with browser.page(WIDE) as page:
        page.open(report / INDEX)
        for name in (SOUND, LEAKY):
            page.follow(f"a[href='{name}']")
            assert where(page) == name
            page.follow(".kicker a")
            assert where(page) == INDEX


def test_the_contents_lead_to_each_section(browser: Chromium, report: Path) -> None:
    with browser.page(WIDE) as page:
        page.open(report / LEAKY)
        names = page.ask("[...document.querySelectorAll('.contents a')].map(one => one.hash)")
        assert len(names) == 8
        for name in names:
            page.click(f".contents a[href='{name}']")
            assert page.ask("location.hash") == name
            assert page.ask(f"document.querySelector('{name}').getBoundingClientRect().height") > 0


def test_a_request_unfolds_by_mouse_and_by_keyboard(browser: Chromium, report: Path) -> None:
    opened = "document.querySelector('.finding dd details').open"
    with browser.page(NARROW) as page:
        page.open(report / LEAKY)
        page.click(".finding dd summary")
        assert page.ask(opened)
        page.ask("document.querySelector('.finding dd summary').focus()")
        page.press("Enter")
        assert not page.ask(opened)


def test_the_first_key_leads_past_the_contents(browser: Chromium, report: Path) -> None:
    with browser.page(WIDE) as page:
        page.open(report / LEAKY)
        page.press("Tab")
        assert page.ask("document.activeElement.className") == "skip"
        page.press("Enter")
        assert page.ask("location.hash") == "#decision"


def test_everything_unfolds_on_paper(browser: Chromium, report: Path) -> None:
    with browser.page(794, media="print") as page:
        page.open(report / LEAKY)
        height = "document.querySelector('.finding dd details pre').getBoundingClientRect().height"
        assert page.ask(height) > 0
        assert page.ask("getComputedStyle(document.querySelector('.contents')).display") == "none"
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / "report.pdf").write_bytes(page.printed())


# Figures


def large() -> Record:
    """More than a run brings about: 3,000 findings in a hundred groups."""
    findings = [
        finding_of(site=f"site{number}.example", where=f"header x-{number % 100}")
        for number in range(3000)
    ]
    return Record(verdict_of(*findings), leaky().evidence)


def test_a_large_report_is_small_and_opens_within_a_second(
    browser: Chromium, tmp_path: Path
) -> None:
    report_folder.clear(tmp_path)
    report_folder.write(tmp_path, records := [large()], pages.pages(records))
    path = tmp_path / INDEX
    assert path.stat().st_size < 3 << 20
    with browser.page(WIDE) as page:
        page.open(path)
        seconds = min(page.open(path) for _ in range(5))
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "figures.json").write_text(json.dumps({"opens": seconds}))
    assert seconds < 1
