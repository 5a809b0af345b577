"""What findings are owed to, on real gateways: the line, the least request, the change to blame."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.system.runs import DEFAULTS, SAMPLES, TOP, Run

from headgate.candidate import load_candidate
from headgate.engines.docker_engine import DockerEngine
from headgate.explain.blaming import FirstFinding
from headgate.explain.replaying import GONE, SHOWS, recorded, replayed
from headgate.gate.check import check
from headgate.gate.selftest import corpus, judge, named_lines
from headgate.gate.session import Session
from headgate.policy import load_policy
from headgate.verdict import REJECTED, Verdict, as_json

CORPUS = TOP / "tests" / "corpus"
POLICY = SAMPLES / "policy.yaml"
MAINTENANCE = SAMPLES / "candidates" / "2012-01-10-maintenance"
FIX = SAMPLES / "candidates" / "2012-01-25-fix"

# The lines of which a person would mend one.
MENDED_AT = {
    "forwarded-address-believed": ["nginx.conf:28", "nginx.conf:29"],
    "map-default-permits": ["nginx.conf:31"],
    "one-more-header-line": ["nginx.conf:47"],
    "page-for-engineers": ["nginx.conf:59"],
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """The lab, under the policy of the samples."""
    with Session(load_policy(POLICY), DockerEngine, seed="explain") as one:
        yield one


def explained(session: Session, candidate: Path) -> Verdict:
    """The verdict on a candidate at its first finding."""
    (verdict,) = check(session, [candidate], [], [FirstFinding()], explain=True)
    assert verdict.verdict == REJECTED, verdict.reason
    return verdict


@pytest.mark.parametrize("name", MENDED_AT)
def test_the_line_that_a_person_would_mend_is_named(session: Session, name: str) -> None:
    (specimen,) = corpus(CORPUS, POLICY, [name])
    specimen = dataclasses.replace(specimen, mend=tuple(MENDED_AT[name]))
    judged = judge(session, specimen)
    assert named_lines(judged.verdict)[0] in specimen.mend
    assert judged.verdict.explanations[0].curl.startswith("curl --interface 100.64.")


@pytest.fixture(scope="module")
def incident(session: Session) -> Verdict:
    """The verdict on the maintenance of January 2012."""
    return explained(session, MAINTENANCE)


def test_the_incident_is_owed_to_the_line_of_10_january(incident: Verdict) -> None:
    first = incident.explanations[0]
    assert "F1" in first.findings
    assert [(one.file, one.line, one.text) for one in first.places[:1]] == [
        ("snippets/forward.conf", 14, 'proxy_set_header Connection "";')
    ]
    assert "all else stays as it is" in first.sentence


def test_the_incident_needs_no_more_than_a_visit(incident: Verdict) -> None:
    minimal = incident.explanations[0].request
    assert minimal
    (request,) = minimal.requests
    line, host, *rest = request["raw"].split("\r\n")
    assert line.startswith("GET ")
    assert host.startswith("Host: ")
    assert rest == ["", ""]


Kept = Callable[[Verdict], Path]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Writes verdicts down as `--json` does."""

    def write(verdict: Verdict) -> Path:
        path = tmp_path / "verdict.json"
        path.write_text(json.dumps(as_json([verdict])))
        return path

    return write


def test_the_incident_shows_again_and_not_after_the_fix(
    session: Session, incident: Verdict, kept: Kept
) -> None:
    one = recorded(kept(incident), "F1")
    assert "4477009" not in json.dumps(one.request)
    states = [
        replayed(session.ground, load_candidate(it, DEFAULTS), one) for it in (MAINTENANCE, FIX)
    ]
    assert states == [SHOWS, GONE]


def test_a_branch_shows_again_until_its_line_is_gone(
    session: Session, kept: Kept, tmp_path: Path
) -> None:
    faulty = CORPUS / "faulty" / "forwarded-address-believed" / "candidate"
    (specimen,) = corpus(CORPUS, POLICY, ["forwarded-address-believed"])
    judged = judge(session, dataclasses.replace(specimen, mend=("nginx.conf:29",)))
    one = recorded(kept(judged.verdict), judged.verdict.explanations[0].findings[0])
    mended = tmp_path / "mended"
    shutil.copytree(faulty, mended)
    text = (mended / "nginx.conf").read_text()
    (mended / "nginx.conf").write_text(text.replace("real_ip_header X-Forwarded-For;", ""))
    states = [
        replayed(session.ground, load_candidate(it, DEFAULTS), one) for it in (faulty, mended)
    ]
    assert states == [SHOWS, GONE]


@pytest.mark.parametrize("name", ["happy-hour-at-the-shops", "staff-numbers-in-the-clear"])
def test_what_an_hour_or_a_number_brings_shows_again(
    session: Session, kept: Kept, name: str
) -> None:
    (specimen,) = corpus(CORPUS, POLICY, [name])
    judged = judge(session, specimen)
    assert named_lines(judged.verdict)[0] in specimen.mend
    one = recorded(kept(judged.verdict), judged.verdict.explanations[0].findings[0])
    assert replayed(session.ground, load_candidate(specimen.candidate, DEFAULTS), one) == SHOWS


# The commands

Headgate = Callable[..., Run]
WITH = ("--policy", POLICY)


def test_the_change_of_10_january_is_to_blame_and_nothing_else(headgate: Headgate) -> None:
    run = headgate("blame", SAMPLES / "released", MAINTENANCE, *WITH)
    assert run.exit() == 1, run.said
    diff = run.said[run.said.index("--- ") :].splitlines()
    assert [line for line in diff if line.startswith(("--- ", "+++ ", "@@"))] == [
        f"--- {SAMPLES}/released/snippets/forward.conf",
        f"+++ {MAINTENANCE}/snippets/forward.conf",
        "@@ -8,6 +8,11 @@",
    ]
    assert '+proxy_set_header Connection "";' in diff
    assert run.seconds < 60  # 8 on a machine that does nothing else


def test_where_both_are_rejected_no_change_is_to_blame(headgate: Headgate, tmp_path: Path) -> None:
    later = tmp_path / "later"
    shutil.copytree(MAINTENANCE, later)
    with (later / "nginx.conf").open("a") as file:
        file.write("# nothing\n")
    run = headgate("blame", MAINTENANCE, later, *WITH)
    assert run.exit() == 2, run.said
    said = rf"no change is to blame: {MAINTENANCE} shows F\d+ too: it is rejected itself"
    assert re.search(said, run.said), run.said


def test_where_the_candidate_is_approved_there_is_nothing_to_blame(headgate: Headgate) -> None:
    run = headgate("blame", MAINTENANCE, SAMPLES / "released", *WITH)
    assert run.exit() == 0, run.said
    assert "released: approved: " in run.said
    assert "there is nothing to blame a change for" in run.said


def test_replay_exits_as_its_answer_is(
    incident: Verdict, kept: Kept, headgate: Headgate, tmp_path: Path
) -> None:
    path = kept(incident)
    again = headgate("replay", path, "F1")
    assert again.exit() == 1, again.said
    assert f"{MAINTENANCE}: F1 (leak, header x-up-calling-line-id at " in again.said
    mended = headgate("replay", path, "F1", "--candidate", FIX)
    assert mended.exit() == 0, mended.said
    assert "does not show any more" in mended.said
    none = headgate("replay", path, "F9999")
    assert none.exit() == 2
    assert "there is no finding F9999 in it" in none.said
