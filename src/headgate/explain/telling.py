"""What is told of groups of findings: their sentence, lines, request and command."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from headgate.candidate import Candidate
from headgate.explain.curl import command
from headgate.explain.edits import line_of
from headgate.explain.exhibits import Exhibit, symptom_of
from headgate.explain.explanation import Explanation, Minimal, Place, kept
from headgate.explain.search import Found
from headgate.explain.sentences import SELDOM, sentence
from headgate.explain.template import Numbers, masked
from headgate.gate.ground import Ground
from headgate.reading.span import Span
from headgate.request import Connection
from headgate.verdict import Finding


@dataclass(frozen=True)
class Group:
    """Exhibits that go together, the least connection that shows the first, and what was found,
    None where nothing was looked for. It is `certain` where the connection shows it every time."""

    members: tuple[Exhibit, ...]
    least: Connection
    found: Found | None
    certain: bool = True


@dataclass(frozen=True)
class Teller:
    """Whoever tells of the findings of one candidate; `seen` are all exhibits of them, `tagged`
    the tokens that have to be in their requests."""

    ground: Ground
    candidate: Candidate
    findings: Sequence[Finding]
    seen: Sequence[Exhibit]
    tagged: Collection[str]

    def told(self, groups: Sequence[Group]) -> list[Explanation]:
        """An explanation of each group, and of what is in none of them."""
        told: set[str] = set()
        explanations = []
        for group in groups:
            symptoms = {one.symptom for one in group.members}
            ids = [one.finding for one in group.members]
            ids += [one.id for one in self.findings if symptom_of(one) in symptoms]
            own = [one.id for one in self.findings if one.id in ids and one.id not in told]
            told.update(own)
            explanations.append(self._explanation(group, own))
        return [*explanations, *self._unexplained(told)]

    def _explanation(self, group: Group, ids: Sequence[str]) -> Explanation:
        first = group.members[0]
        places = self._places(group.found) if group.found else ()
        minimal = self._minimal(first, group.least, certain=group.certain)
        return Explanation(
            tuple(ids),
            sentence(first.kind, group.found, places) + ("" if group.certain else SELDOM),
            minimal,
            self._curl(minimal, group.least),
            places,
        )

    def _places(self, found: Found) -> tuple[Place, ...]:
        spans = [(span, one.role) for one in found.edits for span in one.spans]
        spans += [(one.span, one.role) for one in found.others]
        places = {(span.file, span.line): self._place(span, does) for span, does in spans[::-1]}
        return tuple(places.values())[::-1]

    def _place(self, span: Span, does: str) -> Place:
        return Place(span.file, span.line, line_of(self.candidate, span), does)

    def _minimal(self, first: Exhibit, connection: Connection, *, certain: bool = True) -> Minimal:
        ground = self.ground
        numbers, internet = Numbers(ground.population), ground.lab.internet
        minimal = kept(connection, first.kind, first.where, numbers, internet, certain=certain)
        tagged = any(one.token in self.tagged for one in connection.requests)
        way = first.way
        return replace(
            minimal,
            then=way.then,
            compared=way.compared,
            hour=way.hour,
            guest=first.guest,
            tagged=tagged,
        )

    def _curl(self, minimal: Minimal, connection: Connection) -> str:
        messages = [masked(one["raw"]).encode("latin-1") for one in minimal.requests]
        return command(
            messages,
            handset=connection.handset,
            mode=connection.requests[0].mode,
            address=connection.address,
            port=connection.port,
        )

    def _unexplained(self, told: set[str]) -> list[Explanation]:
        """Findings that no request has shown again, by symptom."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for one in self.findings:
            if one.id not in told:
                groups.setdefault((one.kind, one.where), []).append(one)
        return [self._alone(some) for some in groups.values()]

    def _alone(self, some: Sequence[Finding]) -> Explanation:
        """What was not shown again, with the request as it was sent, where there is one."""
        ids = tuple(one.id for one in some)
        found = next((one for one in self.seen if one.finding in ids), None)
        said = sentence(some[0].kind, None, ())
        if found is None:
            return Explanation(ids, said)
        minimal = self._minimal(found, found.connection, certain=False)
        return Explanation(ids, said, minimal, self._curl(minimal, found.connection))
