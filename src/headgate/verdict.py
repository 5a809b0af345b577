"""Findings and verdicts: what the contract's `verdict.json` holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headgate.coverage.coverage import Coverage
    from headgate.disclosure import Disclosure
    from headgate.explain.explanation import Explanation
    from headgate.gate.keeping import Kept
    from headgate.record import Evidence

APPROVED = "approved"
REJECTED = "rejected"
NOT_JUDGED = "not-judged"

EXIT = {APPROVED: 0, REJECTED: 1, NOT_JUDGED: 2}
# With several candidates the exit is the worst of them: 2 before 1 before 0.
INTERRUPTED = 130


@dataclass(frozen=True)
class Finding:
    """Disclosures of one kind, at one place of one site; `subscriber` and `sample` are the first
    one's, masked. `id` is `F1`, `F2` …, in the order in which they were seen."""

    kind: str
    rule: int
    site: str
    address: str
    subscriber: str
    form: str
    where: str
    request: str
    count: int
    sample: str
    id: str = ""


def findings_from(disclosures: Iterable[Disclosure]) -> tuple[Finding, ...]:
    """Disclosures grouped by kind, site, form and place, in the order in which they were seen."""
    groups: dict[tuple[str, ...], list[Disclosure]] = {}
    for one in disclosures:
        groups.setdefault((one.kind, one.site, one.form, one.where), []).append(one)
    return tuple(_finding(group, f"F{at}") for at, group in enumerate(groups.values(), 1))


def _finding(group: list[Disclosure], name: str) -> Finding:
    first = group[0]
    return Finding(
        first.kind,
        first.rule,
        first.site,
        first.address,
        first.subscriber.masked if first.subscriber else "",
        first.form,
        first.where,
        first.request,
        len(group),
        first.sample,
        name,
    )


_BESIDE = ("evidence", "kept")


@dataclass(frozen=True)
class Verdict:
    """The answer on one candidate. `words` is what the gateway itself said, where it matters;
    `coverage` is None where nobody asked for it; `evidence` is what else the run's record holds,
    `kept` what was asked for beside it; these two are no part of `verdict.json`."""

    candidate: str
    digest: str
    verdict: str
    reason: str
    findings: tuple[Finding, ...] = ()
    requests: int = 0
    sites: int = 0
    handsets: int = 0
    seconds: float = 0.0
    words: str = ""
    notes: tuple[str, ...] = ()
    seed: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    explanations: tuple[Explanation, ...] = ()
    coverage: Coverage | None = None
    evidence: Evidence | None = field(default=None, repr=False, compare=False)
    kept: Kept | None = field(default=None, repr=False, compare=False)

    @property
    def exit(self) -> int:
        return EXIT[self.verdict]

    def as_plain(self) -> dict[str, Any]:
        """The object that `verdict.json` has for it (contract, "The command")."""
        plain = {name: value for name, value in vars(self).items() if name not in _BESIDE}
        findings = [dict(vars(finding)) for finding in self.findings]
        return {
            **plain,
            "findings": findings,
            "explanations": [asdict(one) for one in self.explanations],
            "seconds": round(self.seconds, 2),
            "coverage": self.coverage and self.coverage.as_json(),
        }


def worst(verdicts: Iterable[Verdict]) -> int:
    """The exit for several candidates; no verdict at all is not an approval."""
    return max((verdict.exit for verdict in verdicts), default=EXIT[NOT_JUDGED])


def as_json(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """The object that `--json` writes (contract, "The command")."""
    return {"candidates": [verdict.as_plain() for verdict in verdicts]}
