"""What a run of features allows to be said: pytest's green is not enough, and evidence stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.fakes import (
    ADA,
    SITES,
    Checkout,
    FakeGate,
    FakeSession,
    candidate_of,
    outcome_of,
    policy_of,
    request_of,
    sound_record,
)

from headgate.coverage.coverage import Coverage, Figure, Place
from headgate.disclosure import Disclosure
from headgate.errors import LabError, NotJudged
from headgate.gate.record import Recorder, Told
from headgate.gate.visit import Record
from headgate.policy import Policy
from headgate.record import BROKEN, FAILED, PASSED
from headgate.verdict import Verdict

POLICY = policy_of(*SITES)


def feature(*scenarios: str, tags: str = "") -> str:
    return f"{tags}\nFeature: A day\n\n" + "\n\n".join(scenarios) + "\n"


def scenario(*steps: str, title: str = "A visit", tags: str = "") -> str:
    return f"  {tags}\n  Example: {title}\n" + "\n".join(f"    {step}" for step in steps)


SOUND = feature(scenario("Given a gateway", "Then all is well", title="A sound gateway"))


def disclosed(kind: str, site: str = "shop.example") -> Disclosure:
    return Disclosure(kind, site, "198.19.3.7", ADA, "digits", "header x", "a/b", "4477***")


def record_with(*kinds: str) -> Record:
    record = sound_record()
    record.disclosures = [disclosed(kind) for kind in kinds]
    return record


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def session_of(record: Record | None = None, policy: Policy = POLICY) -> FakeSession:
    return FakeSession(policy, record or sound_record())


def assert_not_judged(verdict: Verdict, reason: str) -> None:
    assert (verdict.verdict, verdict.exit) == ("not-judged", 2)
    assert verdict.reason == reason


# What approval takes


def test_a_day_on_which_every_rule_held_is_approved(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(), SOUND)
    assert (verdict.verdict, verdict.exit) == ("approved", 0)
    assert verdict.reason == "every rule held over 500 requests, and every control fired"
    assert (verdict.candidate, verdict.digest[:7]) == (str(checkout.candidate), "sha256:")
    assert (verdict.requests, verdict.sites, verdict.handsets) == (500, 1, 1)
    assert (verdict.seed, verdict.environment) == ("5eed", {"headgate": "0"})
    assert verdict.seconds > 0
    assert (verdict.findings, verdict.notes, verdict.words) == ((), (), "")


def test_a_policy_without_sites_needs_no_positive_control(checkout: Checkout) -> None:
    record = sound_record()
    record.disclosed_rightly = 0
    assert checkout.judged(session_of(record, policy_of()), SOUND).verdict == "approved"


def test_each_scenario_is_told_to_whoever_waits(checkout: Checkout) -> None:
    session = session_of()
    checkout.judged(session, SOUND)
    assert session.lines == ["A sound gateway"]
    assert session.measured == 1


# Runs that prove nothing


def test_a_run_without_scenarios_is_not_judged(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of())
    assert_not_judged(verdict, "no scenario was carried out")


def test_a_run_in_which_everything_was_skipped_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then this is not tried"))
    assert_not_judged(checkout.judged(session_of(), text), "not today")


def test_one_scenario_skipped_of_two_is_one_too_many(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then this is not tried"))
    assert_not_judged(checkout.judged(session_of(), SOUND, text), "not today")


@pytest.mark.parametrize("tag", ["@skip", "@xfail"])
def test_pytests_own_marks_do_not_excuse(checkout: Checkout, tag: str) -> None:
    text = feature(scenario("Given a gateway", "Then all is not well", tags=tag))
    assert checkout.judged(session_of(), SOUND, text).verdict in ("not-judged", "rejected")


def test_a_step_that_nobody_wrote_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then pigs fly"))
    assert_not_judged(
        checkout.judged(session_of(), SOUND, text),
        'StepDefinitionNotFoundError: Step definition is not found: Then "pigs fly". Line 7 in '
        f'scenario "A visit" in the feature "{checkout.root}/features/number1.feature"',
    )


def test_a_scenario_without_steps_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario(title="Nothing at all"))
    assert_not_judged(
        checkout.judged(session_of(), SOUND, text), "the scenario “Nothing at all” has no steps"
    )


def test_scenarios_that_never_touch_the_gateway_are_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Then all is well"))
    assert_not_judged(checkout.judged(session_of(), text), "the candidate was never started")


def test_a_file_that_does_not_parse_is_not_judged(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(), SOUND, "Feature: A\n  Nonsense here\n  Example B\n!")
    assert verdict.verdict == "not-judged"
    assert "features/number1.feature" in verdict.reason


def test_a_tag_that_nobody_declared_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then all is well", tags="@premum"))
    verdict = checkout.judged(session_of(), SOUND, text)
    assert verdict.verdict == "not-judged"
    assert "premum" in verdict.reason


# The gateway and the harness fail


def test_a_candidate_that_does_not_start_has_nginxs_own_words(checkout: Checkout) -> None:
    session = session_of()
    session.failure = NotJudged("unknown directive", "nginx: [emerg] unknown directive in a:1")
    verdict = checkout.judged(session, SOUND)
    assert_not_judged(verdict, "unknown directive")
    assert verdict.words == "nginx: [emerg] unknown directive in a:1"


def test_a_lab_that_fails_is_not_judged(checkout: Checkout) -> None:
    session = session_of()
    session.failure = LabError("the node world is lost")
    assert_not_judged(checkout.judged(session, SOUND), "the node world is lost")


def test_a_control_that_fails_is_not_judged(checkout: Checkout) -> None:
    session = session_of()
    session.control_failure = NotJudged("the negative control failed: does not start")
    verdict = checkout.judged(session, SOUND)
    assert_not_judged(verdict, "the negative control failed: does not start")


def test_a_step_that_stumbles_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then the harness stumbles"))
    assert_not_judged(checkout.judged(session_of(), SOUND, text), "ValueError: no such thing")


def test_what_goes_wrong_after_the_last_step_counts(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway that is put back afterwards", "Then all is well"))
    assert_not_judged(checkout.judged(session_of(), text), "it could not be put back")


def test_words_of_the_gateway_are_shown_without_numbers(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then the gateway has gone"))
    verdict = checkout.judged(session_of(), text)
    assert_not_judged(verdict, "a worker process ended")
    assert verdict.words == "[alert] worker process 7 exited on 447700900***"


def test_an_interruption_is_passed_on(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then somebody presses Ctrl-C"))
    session = session_of()
    with pytest.raises(KeyboardInterrupt):
        checkout.judged(session, text)
    assert session.measured == 0  # whoever is in a hurry does not wait for that


# The controls


def test_kinds_that_the_harness_did_not_see_are_not_judged(checkout: Checkout) -> None:
    session = session_of()
    session.unseen = {"residue", "leak"}
    assert_not_judged(
        checkout.judged(session, SOUND),
        "the negative control showed what the harness did not see: leak, residue",
    )


def test_a_gateway_that_nothing_passes_is_not_judged(checkout: Checkout) -> None:
    record = sound_record()
    record.arrived = record.disclosed_rightly = 0
    assert_not_judged(
        checkout.judged(session_of(record), SOUND),
        "does not serve: none of 500 requests reached a site",
    )


def test_a_positive_control_that_failed_is_not_judged(checkout: Checkout) -> None:
    record = sound_record()
    record.disclosed_rightly = 0
    assert_not_judged(
        checkout.judged(session_of(record), SOUND),
        "the positive control failed: no permitted site got a number",
    )


def test_a_gateway_that_gives_no_number_at_all_is_rejected_for_what_is_missing(
    checkout: Checkout,
) -> None:
    record = record_with("missing")
    record.disclosed_rightly = 0
    assert checkout.judged(session_of(record), SOUND).verdict == "rejected"


def test_requests_of_which_nothing_is_known_are_not_judged(checkout: Checkout) -> None:
    record = sound_record()
    lost = outcome_of(request=request_of(host="shop.example"), response=None, error="timeout")
    failed = outcome_of(response=b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
    record.unproved = [lost, failed]
    assert_not_judged(
        checkout.judged(session_of(record), SOUND),
        "2 requests neither arrived nor were refused on purpose "
        "(the first: family/token0000000 to shop.example, timeout)",
    )
    record.unproved = [failed]
    assert "status 502" in checkout.judged(session_of(record), SOUND).reason


# Rejections


def test_a_finding_rejects_though_every_scenario_passed(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(record_with("leak", "leak", "excess")), SOUND)
    assert (verdict.verdict, verdict.exit) == ("rejected", 1)
    assert verdict.reason == "leak, excess: header x at shop.example"
    assert [(one.kind, one.count) for one in verdict.findings] == [("leak", 2), ("excess", 1)]


def test_the_reason_counts_the_places(checkout: Checkout) -> None:
    record = sound_record()
    record.disclosures = [disclosed("leak", f"site{index}.example") for index in range(60)]
    verdict = checkout.judged(session_of(record), SOUND)
    assert verdict.reason == "leak: header x at 60 places, site0.example among them"


def test_a_users_own_assertion_rejects_without_a_finding(
    checkout: Checkout, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    title = "Our partner is content"
    text = feature(scenario("Given a gateway", "Then all is not well", title=title))
    (own / "own.feature").write_text(text)
    verdict = checkout.judged(session_of(), SOUND, features=[own])
    assert (verdict.verdict, verdict.findings) == ("rejected", ())
    assert verdict.reason.startswith(
        "“Our partner is content” does not hold: assert '447700900***'"
    )


def test_the_title_of_a_row_is_filled_in(checkout: Checkout) -> None:
    outline = """
  Scenario Outline: Something is <what>
    Given a gateway
    When something is <what>
    Then all is not well

    Examples: Two
      | what  |
      | odd   |
"""
    verdict = checkout.judged(session_of(), feature(outline))
    assert verdict.reason.startswith("“Something is odd” does not hold")


def test_a_cage_that_does_not_hold_is_not_judged(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then all is not well"), tags="@installation")
    verdict = checkout.judged(session_of(), SOUND, text)
    assert verdict.verdict == "not-judged"
    assert verdict.reason.startswith("“A visit” does not hold: ")


# Evidence against doubt


GONE = feature(scenario("Given a gateway", "Then the gateway has gone"))


@pytest.mark.parametrize(
    "kind", ["leak", "misattribution", "forgery", "excess", "no-consent", "fail-open", "residue"]
)
def test_a_number_that_was_seen_stays_seen_whatever_went_wrong(
    checkout: Checkout, kind: str
) -> None:
    verdict = checkout.judged(session_of(record_with("missing", kind)), SOUND, GONE)
    assert verdict.verdict == "rejected"
    assert verdict.notes == ("a worker process ended",)
    assert verdict.words == ""


def test_what_is_missing_proves_nothing_of_a_gateway_that_crashed(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(record_with("missing")), SOUND, GONE)
    assert_not_judged(verdict, "a worker process ended")
    assert [one.kind for one in verdict.findings] == ["missing"]


def test_what_is_missing_rejects_where_nothing_else_is_wrong(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(record_with("missing")), SOUND)
    assert (verdict.verdict, verdict.notes) == ("rejected", ())


def test_a_failing_assertion_is_outweighed_by_doubt(checkout: Checkout) -> None:
    text = feature(scenario("Given a gateway", "Then all is not well"))
    verdict = checkout.judged(session_of(), text, GONE)
    assert_not_judged(verdict, "a worker process ended")


def test_all_problems_of_a_candidate_are_told(checkout: Checkout) -> None:
    (checkout.candidate / "nginx.conf").unlink()
    (checkout.candidate / "gateway.yaml").write_text("prts: {}\n")
    verdict = checkout.judged(session_of(), SOUND)
    assert (verdict.verdict, verdict.digest) == ("not-judged", "")
    told = f"{verdict.reason}\n{verdict.words}"
    assert "expected a file nginx.conf at its top, found none" in told
    assert "did you mean `ports`?" in told


NEVER = Coverage({"ifs": Figure(0, 1)}, (Place("ifs", "nginx.conf", 4, 4, "if ($arg_debug = 7)"),))
NOT_MEASURED = Coverage(why="does not start")


@pytest.mark.parametrize("covered", [NEVER, NOT_MEASURED, Coverage()])
def test_what_was_never_entered_is_no_reason_against_an_approval(
    checkout: Checkout, covered: Coverage
) -> None:
    verdict = checkout.judged(covered_by(covered), SOUND)
    assert (verdict.verdict, verdict.coverage) == ("approved", covered)


@pytest.mark.parametrize(
    ("covered", "reason"),
    [
        (NEVER, "1 branch was never entered: nginx.conf:4: if ($arg_debug = 7)"),
        (NOT_MEASURED, "coverage not measured: does not start"),
    ],
)
def test_a_strict_judge_approves_nothing_with_a_branch_never_entered(
    checkout: Checkout, covered: Coverage, reason: str
) -> None:
    assert_not_judged(checkout.judged(covered_by(covered), SOUND, strict=True), reason)


def test_a_strict_judge_does_not_do_without_coverage(checkout: Checkout) -> None:
    verdict = checkout.judged(session_of(), SOUND, strict=True)
    assert_not_judged(verdict, "coverage not measured: the run ended before")


def test_a_strict_judge_approves_what_was_entered_everywhere(checkout: Checkout) -> None:
    covered = Coverage({"ifs": Figure(1, 1)})
    assert checkout.judged(covered_by(covered), SOUND, strict=True).verdict == "approved"


def test_a_finding_counts_for_a_strict_judge_too(checkout: Checkout) -> None:
    session = replace(session_of(record_with("leak")), covered=NEVER)
    verdict = checkout.judged(session, SOUND, strict=True)
    assert (verdict.verdict, verdict.coverage) == ("rejected", NEVER)


def covered_by(coverage: Coverage) -> FakeSession:
    return replace(session_of(), covered=coverage)


# The recorder alone


def recorder(record: Record | None = None, **told: str) -> Recorder:
    scenarios = {title: Told(title, frozenset(), ended) for title, ended in told.items()}
    return Recorder(
        candidate=candidate_of(),
        session=session_of().as_session,
        gate=FakeGate(POLICY, record or sound_record()).as_gate,
        unseen=set(),
        scenarios=scenarios or {"a": Told("a", frozenset(), PASSED)},
    )


def test_scenarios_that_were_deselected_are_doubted() -> None:
    one = recorder()
    one.problems.append("3 scenarios were deselected")
    assert_not_judged(one.verdict(), "3 scenarios were deselected")


def test_a_control_that_was_never_run_is_doubted() -> None:
    one = recorder()
    one.unseen = None
    assert_not_judged(one.verdict(), "the negative control was not run")


def test_a_harness_that_fails_is_doubted() -> None:
    one = recorder()
    one.pytest_internalerror("Traceback\nINTERNALERROR> ValueError: oh")
    assert_not_judged(one.verdict(), "the harness failed: INTERNALERROR> ValueError: oh")


def test_a_scenario_that_never_ended_is_broken() -> None:
    assert_not_judged(recorder(a=PASSED, b=BROKEN).verdict(), "it did not run to its end")


def test_no_scenario_is_no_approval() -> None:
    one = recorder()
    one.scenarios.clear()
    assert_not_judged(one.verdict(), "no scenario was carried out")


def test_what_the_gateway_said_of_itself_outweighs_what_its_silence_broke() -> None:
    one = recorder(a=BROKEN, b=FAILED)
    one.scenarios["b"] = Told(
        "b", frozenset(), BROKEN, "does not start", "[emerg] bind()", gave_up=True
    )
    verdict = one.verdict()
    assert_not_judged(verdict, "does not start")
    assert verdict.words == "[emerg] bind()"


def test_no_verdict_shows_a_number() -> None:
    one = recorder(record_with("leak"))
    one.problems.append("went wrong for 447700900123")
    assert ADA.msisdn not in str(one.verdict())
