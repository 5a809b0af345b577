"""What the record and the report add to a check: `python benchmarks/outputs.py [RUNS]`.

One check of a sample that leaks everywhere: counting its requests, putting the record together.
Then, RUNS (5) times each, medians with their extremes: writing pages and record, and Chromium
opening the page, where it is installed.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from headgate.engines.choice import engine_named  # noqa: E402
from headgate.gate import record as recording  # noqa: E402
from headgate.gate.check import check  # noqa: E402
from headgate.gate.evidence import evidence  # noqa: E402
from headgate.gate.session import Session  # noqa: E402
from headgate.policy import load_policy  # noqa: E402
from headgate.record import record_of  # noqa: E402
from headgate.reports import folder as report_folder  # noqa: E402
from headgate.reports.pages import pages  # noqa: E402
from headgate.tally import Tally  # noqa: E402
from headgate.verdict import REJECTED, Verdict  # noqa: E402

CONFIGS = ROOT / "gateway_config"


class Clock:
    """Adds up what calls of a function take."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.seconds = 0.0

    def __call__(self, *words: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return self.function(*words, **more)
        finally:
            self.seconds += time.perf_counter() - started

    def __get__(self, one: Any, kind: type) -> Any:
        return lambda *words, **more: self(one, *words, **more)


def main(runs: int = 5) -> None:
    counting, gathering = Clock(Tally.add), Clock(evidence)
    vars(recording)["evidence"] = gathering
    setattr(Tally, "add", counting)  # noqa: B010
    with Session(load_policy(CONFIGS / "policy.yaml"), engine_named(None)) as session:
        verdicts = [*check(session, [CONFIGS / "candidates" / "2012-01-10-maintenance"], [])]
    if verdicts[0].verdict != REJECTED:
        sys.exit(f"not a run to measure: {verdicts[0].verdict}, {verdicts[0].reason}")
    print(f"{'requests':44} {verdicts[0].requests:8}")
    print(f"{'counting them, s':44} {counting.seconds:8.3f}")
    print(f"{'putting the record together, s':44} {gathering.seconds:8.3f}")
    with tempfile.TemporaryDirectory() as folder:
        _print("writing pages and record, s", [_written(Path(folder), verdicts)])
        _print("the same again, s", [_written(Path(folder), verdicts) for _ in range(runs)])
        page = Path(folder, report_folder.INDEX)
        print(f"{'the page, KiB':44} {page.stat().st_size / 1024:8.0f}")
        if shutil.which("chromium"):
            _print("Chromium opens it, s", _opened(page, runs))


def _written(folder: Path, verdicts: list[Verdict]) -> float:
    started = time.perf_counter()
    report_folder.clear(folder)
    records = [record_of(one) for one in verdicts]
    report_folder.write(folder, records, pages(records))
    return time.perf_counter() - started


def _opened(path: Path, runs: int) -> list[float]:
    from tests.browser.chromium import chromium

    with chromium() as browser, browser.page(1920) as page:
        return [page.open(path) for _ in range(runs)]


def _print(what: str, values: list[float]) -> None:
    median, least, most = statistics.median(values), min(values), max(values)
    print(f"{what:44} {median:8.3f}   ({least:.3f} to {most:.3f})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
