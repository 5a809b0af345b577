"""Every request is accounted for: by its token, by its visit's number, or as unproved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.fakes import ADA, BOB, HANDSET, Answer, FakeGateway, FakeLab, request_of

from headgate.agents import marks
from headgate.answer import Answer as SiteAnswer
from headgate.errors import NotJudged
from headgate.lab.lab import Exchanged
from headgate.request import Connection, Manner, Outcome, Receipt, Request
from headgate.trial import Observation, Trial, _answers

BUSY: Answer = (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", None)
LIMITED: Answer = (b"HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n", None)
FORBIDDEN: Answer = (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", None)
CLOSED: Answer = (None, "closed")
SILENCE: Answer = (None, "timeout")

Serve = Callable[[Request, int], Answer]


def ask(index: int, *, binding: bool = True) -> Request:
    token = f"tok{index:09d}"
    raw = f"GET http://shop.example/a?id={token} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode()
    return request_of(raw, token=token, host="shop.example", binding=binding)


def alone(request: Request) -> Connection:
    return Connection((request,), "100.64.0.1", 8080)


def requests(count: int) -> list[Request]:
    return [ask(index) for index in range(count)]


class Gate:
    """A lab whose sites answer each request that `refuse` does not, and a trial in it."""

    def __init__(self, refuse: Serve | None = None) -> None:
        self._refuse = refuse
        self.lab = FakeLab(self._serve)
        self.gateway = FakeGateway({HANDSET: ADA})
        self.trial = Trial(self.lab.as_lab, self.gateway.as_gateway)
        self._visits = 0

    def _serve(self, request: Request, tries: int) -> Answer:
        answer = self._refuse(request, tries) if self._refuse else (None, None)
        return answer if answer != (None, None) else self.visit(request.raw)

    def visit(self, data: bytes) -> Answer:
        self._visits += 1
        self.lab.inbox.append(receipt(data, self._visits))
        body = b"<!doctype html><title>Welcome</title><p>" + marks.visit_mark(self._visits)
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body), None

    def send(self, *asked: Request) -> Observation:
        return self.trial.send(map(alone, asked))


def receipt(data: bytes, number: int = 0) -> Receipt:
    return Receipt("http", "shop.example", "198.51.100.7", 80, data, number)


def only_first(answer: Answer, tries: int = 1) -> Serve:
    """Refuse every request so many times, then let it through."""
    return lambda request, tried: answer if tried < tries else (None, None)


def by_token(observed: Observation) -> dict[str, Outcome]:
    assert len({one.request.token for one in observed.outcomes}) == len(observed.outcomes)
    return {one.request.token: one for one in observed.outcomes}


def sent_at_once(gate: Gate) -> int:
    return sum(count for count, _, pause in gate.lab.passes if not pause)


def sent_again(gate: Gate) -> list[int]:
    return [count for count, _, pause in gate.lab.passes if pause]


# In parts


def test_what_is_known_is_given_while_others_are_under_way() -> None:
    gate = Gate()
    parts = gate.trial.observe(map(alone, requests(400)))
    first = next(parts)
    assert 0 < len(first.outcomes) < sent_at_once(gate) < 400
    rest = [outcome for part in parts for outcome in part.outcomes]
    assert len(by_token(Observation([*first.outcomes, *rest]))) == 400


def test_what_was_to_be_sent_is_known_afterwards_once() -> None:
    gate = Gate(only_first(BUSY))
    asked = requests(3)
    gate.send(*asked)
    assert sent_again(gate)
    assert [one.requests[0] for one in gate.trial.connections] == list(asked)


def test_a_receipt_is_kept_until_its_request_has_come_back() -> None:
    gate = Gate()
    parts = list(gate.trial.observe(map(alone, requests(400))))
    assert {len(one.receipts) for part in parts for one in part.outcomes} == {1}
    assert [one for part in parts for one in part.strays] == []


def test_what_a_later_answer_tells_the_request_of_is_no_stray() -> None:
    gate = Gate()
    gate.lab = FakeLab(lambda request, tries: gate.visit(b"GET /landing HTTP/1.1\r\n\r\n"))
    gate.trial = Trial(gate.lab.as_lab, gate.gateway.as_gateway)
    parts = list(gate.trial.observe(map(alone, requests(400))))
    assert {len(one.receipts) for part in parts for one in part.outcomes} == {1}
    assert [one for part in parts for one in part.strays] == []


def test_whoever_stops_listening_waits_for_what_is_under_way() -> None:
    gate = Gate()
    parts = gate.trial.observe(map(alone, requests(400)))
    next(parts)
    begun = len(gate.lab.passes)
    assert gate.lab.waited_for < begun
    parts.close()
    assert (len(gate.lab.passes), gate.lab.waited_for) == (begun, begun)


# Whose receipt it is


def test_a_receipt_belongs_to_the_request_whose_token_it_holds() -> None:
    observed = Gate().send(*requests(5))
    assert observed.strays == []
    for outcome in observed.outcomes:
        assert [one.data for one in outcome.receipts] == [outcome.request.raw]
        assert (outcome.status, outcome.error) == (200, None)
        assert (outcome.subscriber, outcome.known) == (ADA, True)


@pytest.mark.parametrize(
    "data",
    [
        b"GET /TOK000000000 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nReferer: http://a/?x=1&id=tok000000000&y\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n{'id': 'tok000000000'}",
        b"GET /abcdefghijkl?id=tok000000000 HTTP/1.1\r\n\r\n",
    ],
)
def test_a_token_is_found_anywhere_and_in_any_case(data: bytes) -> None:
    gate = Gate(lambda request, tries: FORBIDDEN)
    gate.lab.inbox.append(receipt(data))
    (outcome,) = gate.send(ask(0)).outcomes
    assert [one.data for one in outcome.receipts] == [data]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /xtok000000000 HTTP/1.1\r\n\r\n",
        b"GET /tok0000000001 HTTP/1.1\r\n\r\n",
        b"GET /tok000000007 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 hello",
        b"",
    ],
)
def test_what_holds_no_token_of_this_trial_is_a_stray(data: bytes) -> None:
    gate = Gate(lambda request, tries: FORBIDDEN)
    gate.lab.inbox.append(receipt(data, number=99))
    observed = gate.send(ask(0))
    assert [one.data for one in observed.strays] == [data]
    assert not observed.outcomes[0].arrived


def test_a_gateway_that_rewrites_paths_and_cookies_is_recognised_by_the_visits_number() -> None:
    gate = Gate()
    gate.lab = FakeLab(lambda request, tries: gate.visit(b"GET /landing HTTP/1.1\r\n\r\n"))
    gate.trial = Trial(gate.lab.as_lab, gate.gateway.as_gateway)
    observed = gate.send(*requests(20))
    assert observed.strays == []
    assert {len(one.receipts) for one in observed.outcomes} == {1}
    numbers = [marks.visit_in(one.response or b"") for one in observed.outcomes]
    assert [one.receipts[0].number for one in observed.outcomes] == numbers


def test_a_copy_that_goes_elsewhere_belongs_to_the_request_too() -> None:
    gate = Gate()
    gate.lab.inbox.append(receipt(b"GET /mirror?id=tok000000000 HTTP/1.1\r\n\r\n"))
    (outcome,) = gate.send(ask(0)).outcomes
    assert len(outcome.receipts) == 2


# What became of it


def test_a_refused_request_has_an_answer_and_no_receipt() -> None:
    (outcome,) = Gate(lambda request, tries: FORBIDDEN).send(ask(0)).outcomes
    assert (outcome.status, outcome.arrived, outcome.refused) == (403, False, True)


def test_each_request_of_a_connection_has_its_own_answer() -> None:
    gate = Gate()
    three = tuple(requests(3))
    outcomes = by_token(gate.trial.send([Connection(three, "100.64.0.1", 8080)]))
    for request in three:
        outcome = outcomes[request.token]
        assert [one.data for one in outcome.receipts] == [request.raw]
        assert marks.visit_in(outcome.response or b"") == outcome.receipts[0].number


def test_what_is_hidden_behind_a_request_is_told_with_what_became_of_it() -> None:
    cover, one, other = requests(3)
    hidden = [replace(each, hidden=True) for each in (one, other)]
    outcomes = by_token(Gate().trial.send([Connection((cover, *hidden), "100.64.0.1", 8080)]))
    assert outcomes[cover.token].words == cover.raw + one.raw + other.raw
    assert outcomes[one.token].words == one.raw


def test_half_an_answer_belongs_to_the_first_request_without_a_whole_one() -> None:
    def cut(request: Request, tries: int) -> Answer:
        return (
            (b"HTTP/1.1 200 OK\r\nCon", "closed") if request.token.endswith("1") else (None, None)
        )

    gate = Gate(cut)
    three = tuple(ask(index, binding=False) for index in range(3))
    outcomes = gate.trial.send([Connection(three, "100.64.0.1", 8080)]).outcomes
    assert [(one.status, one.error) for one in outcomes] == [
        (200, None),
        (200, "closed"),
        (None, "closed"),
    ]


def test_every_host_has_its_address_before_it_is_visited() -> None:
    gate = Gate()
    gate.send(ask(0), request_of(token="tok000000001", host=""))
    assert gate.lab.known_names == ["shop.example"]


def test_requests_are_counted_once_however_often_they_are_tried() -> None:
    gate = Gate(only_first(BUSY))
    gate.send(*requests(10))
    assert gate.trial.sent == 10


def test_requests_that_are_sent_again_on_purpose_count_again() -> None:
    gate = Gate()
    gate.send(*requests(10))
    assert all(one.arrived for one in gate.send(*requests(10)).outcomes)
    assert gate.trial.sent == 20


def test_a_sender_may_ask_for_fewer_tries() -> None:
    gate = Gate(only_first(BUSY, tries=2))
    observed = gate.trial.send([alone(ask(0))], tries=1)
    assert [one.status for one in observed.outcomes] == [503]
    assert len(gate.lab.passes) == 2


# What arrives late


def test_what_arrives_late_keeps_the_state_of_its_sending() -> None:
    gate = Gate(lambda request, tries: FORBIDDEN if request.token.endswith("0") else (None, None))
    gate.send(ask(0))
    gate.gateway.sessions[HANDSET] = BOB
    gate.gateway.known = False
    gate.lab.inbox.append(receipt(ask(0).raw))
    outcomes = by_token(gate.send(ask(1)))
    late, now = outcomes["tok000000000"], outcomes["tok000000001"]
    assert (late.subscriber, late.known, late.response, late.error) == (ADA, True, None, "late")
    assert [one.data for one in late.receipts] == [ask(0).raw]
    assert (now.subscriber, now.known) == (BOB, False)


def test_a_request_of_a_handset_that_nobody_holds_has_no_subscriber() -> None:
    gate = Gate()
    gate.gateway.sessions.clear()
    (outcome,) = gate.send(ask(0)).outcomes
    assert outcome.subscriber is None


def test_what_arrives_when_all_is_over_is_told_by_the_rest() -> None:
    gate = Gate()
    gate.send(ask(0))
    gate.lab.inbox += [receipt(ask(0).raw), receipt(b"X")]
    rest = gate.trial.rest()
    assert [(one.error, one.request.token) for one in rest.outcomes] == [("late", "tok000000000")]
    assert [one.data for one in rest.strays] == [b"X"]


def test_what_arrives_during_a_second_try_takes_nothing_away() -> None:
    gate = Gate()
    gate.send(ask(0))

    def refuse(request: Request, tries: int) -> Answer:
        if request.token.endswith("2") and not tries:
            return BUSY
        if request.token.endswith("2"):
            gate.lab.inbox += [receipt(ask(0).raw + b"again"), receipt(ask(1).raw + b"again")]
        return None, None

    gate._refuse = refuse
    outcomes = gate.send(ask(1), ask(2)).outcomes
    seen = [(one.request.token[-1], one.error, len(one.receipts)) for one in outcomes]
    assert sorted(seen, key=str) == [
        ("0", "late", 1),
        ("1", "late", 1),
        ("1", None, 1),
        ("2", None, 1),
    ]


# Trying again


@pytest.mark.parametrize("refusal", [BUSY, LIMITED, CLOSED])
def test_what_is_refused_for_want_of_room_is_tried_again_more_slowly(refusal: Answer) -> None:
    gate = Gate(only_first(refusal))
    observed = gate.send(*requests(10))
    assert [one.status for one in observed.outcomes] == [200] * 10
    (first, handsets, pause), (again, fewer, longer) = gate.lab.passes
    assert (first, again) == (10, 10)
    assert (fewer < handsets, longer > pause) == (True, True)


def test_and_then_more_slowly_still() -> None:
    gate = Gate(only_first(LIMITED, tries=3))
    observed = gate.send(*requests(3))
    assert [one.status for one in observed.outcomes] == [200] * 3
    handsets = [one[1] for one in gate.lab.passes]
    pauses = [one[2] for one in gate.lab.passes]
    assert len(set(handsets)) == len(handsets) == 4
    assert handsets == sorted(handsets, reverse=True)
    assert pauses == sorted(pauses)


def test_a_second_try_goes_by_a_connection_of_its_own() -> None:
    def refuse(request: Request, tries: int) -> Answer:
        return CLOSED if request.token.endswith("1") and not tries else (None, None)

    gate = Gate(refuse)
    observed = gate.trial.send([Connection(tuple(requests(4)), "100.64.0.1", 8080)])
    assert [one.status for one in observed.outcomes] == [200] * 4
    assert [count for count, *_ in gate.lab.passes] == [1, 3]


def test_it_is_given_up_after_a_batch_that_mends_nothing() -> None:
    gate = Gate(lambda request, tries: BUSY)
    observed = gate.send(*requests(200))
    assert {one.status for one in observed.outcomes} == {503}
    assert len(observed.outcomes) == 200
    assert sent_at_once(gate) == 200
    assert sent_again(gate) == [40, 40, 40]


def test_what_was_in_vain_once_is_given_up_sooner() -> None:
    gate = Gate(lambda request, tries: BUSY)
    gate.send(*requests(100))
    gate.lab.passes.clear()
    gate.send(*requests(100))
    assert sent_at_once(gate) == 100
    assert sent_again(gate) == [8, 8, 8]


def test_it_goes_on_while_batches_mend_something() -> None:
    gate = Gate(only_first(BUSY))
    observed = gate.send(*requests(300))
    assert {one.status for one in observed.outcomes} == {200}
    assert (sent_at_once(gate), sum(sent_again(gate))) == (300, 300)
    assert len({one[1:] for one in gate.lab.passes}) == 2


@pytest.mark.parametrize(
    "answer", [FORBIDDEN, (b"HTTP/1.1 500 No\r\n\r\n", None), (b"HTTP/1.1 400 No\r\n\r\n", None)]
)
def test_other_refusals_are_the_gateways_will(answer: Answer) -> None:
    gate = Gate(lambda request, tries: answer)
    gate.send(*requests(3))
    assert len(gate.lab.passes) == 1


def test_what_may_be_refused_anyway_is_not_tried_again() -> None:
    gate = Gate(lambda request, tries: BUSY)
    gate.send(ask(0, binding=False))
    assert len(gate.lab.passes) == 1
    gate.gateway.known = False
    gate.send(ask(1))
    assert len(gate.lab.passes) == 2


def test_what_arrived_is_not_tried_again_whatever_came_back() -> None:
    gate = Gate(lambda request, tries: CLOSED)
    gate.lab.inbox.append(receipt(ask(0).raw))
    (outcome,) = gate.send(ask(0)).outcomes
    assert outcome.arrived
    assert len(gate.lab.passes) == 1


# Silence


def test_a_few_that_got_no_answer_are_tried_again() -> None:
    def lose(request: Request, tries: int) -> Answer:
        return SILENCE if request.token.endswith("7") and not tries else (None, None)

    observed = Gate(lose).send(*requests(20))
    assert {one.error for one in observed.outcomes} == {None}


def test_many_that_got_no_answer_are_not_waited_for_again() -> None:
    gate = Gate(lambda request, tries: SILENCE if request.token[-1] in "1379" else (None, None))
    observed = gate.send(*requests(100))
    assert [one.error for one in observed.outcomes].count("timeout") == 40
    assert sent_again(gate) == []


def test_a_gateway_that_answers_few_requests_is_not_judged() -> None:
    gate = Gate(lambda request, tries: (None, None) if request.token.endswith("0") else SILENCE)
    gate.gateway.log.write(False, b"2012/01/10 [alert] lost\n")
    with pytest.raises(NotJudged) as caught:
        gate.send(*requests(20))
    assert caught.value.reason == (
        "does not answer: 18 of 20 requests got nothing within 5 seconds"
    )
    assert caught.value.words == "2012/01/10 [alert] lost"
    assert len(gate.lab.passes) == 1


def test_what_arrived_before_a_gateway_fell_silent_is_judged_all_the_same() -> None:
    gate = Gate(lambda request, tries: SILENCE)
    gate.lab.inbox.append(receipt(ask(0).raw))
    with pytest.raises(NotJudged):
        gate.send(ask(0))
    (outcome,) = gate.trial.rest().outcomes
    assert (outcome.arrived, outcome.subscriber) == (True, ADA)
    assert gate.trial.rest().outcomes == []


def test_a_gateway_that_is_gone_is_not_tried_again() -> None:
    gate = Gate(lambda request, tries: CLOSED if request.token.endswith("1") else (None, None))
    gate.gateway.ended = NotJudged("ended on its own with exit status 1")
    with pytest.raises(NotJudged, match="ended on its own"):
        gate.send(ask(0), ask(1))
    assert len(gate.lab.passes) == 1
    arrived = {one.request.token: one.arrived for one in gate.trial.rest().outcomes}
    assert arrived == {"tok000000000": True, "tok000000001": False}


def test_half_of_the_requests_may_be_lost() -> None:
    gate = Gate(lambda request, tries: SILENCE if request.token[-1] in "02468" else (None, None))
    observed = gate.send(*requests(20))
    assert [one.error for one in observed.outcomes].count("timeout") == 10


def test_silence_is_expected_while_the_gateway_cannot_know() -> None:
    gate = Gate(lambda request, tries: SILENCE)
    gate.gateway.known = False
    observed = gate.send(*requests(5))
    assert {one.error for one in observed.outcomes} == {"timeout"}


def test_who_is_not_patient_tells_nothing_of_the_gateway() -> None:
    gate = Gate(lambda request, tries: SILENCE if request.token[-1] in "13579" else (None, None))
    asked = [ask(index, binding=index % 2 == 0) for index in range(20)]
    manner = Manner(patience=0.5)
    impatient = [replace(alone(one), manner=manner) if one.token[-1] in "13579" else alone(one)
                 for one in asked]  # fmt: skip
    observed = gate.trial.send([*impatient, *map(alone, [ask(31), ask(33)])])
    assert [one.error for one in observed.outcomes].count("timeout") == 12


# What sites and handsets do beside asking and answering


def test_a_page_of_an_earlier_visit_came_out_of_a_cache() -> None:
    gate = Gate()
    first = gate.send(ask(1)).outcomes[0]
    cached = Gate(lambda request, tries: (first.response, None))
    cached.lab.inbox.append(receipt(ask(1).raw, 1))
    outcomes = by_token(cached.send(ask(1), ask(2)))
    assert (outcomes[ask(1).token].arrived, outcomes[ask(1).token].from_cache) == (True, False)
    assert (outcomes[ask(2).token].arrived, outcomes[ask(2).token].from_cache) == (False, True)


def test_a_page_that_another_site_has_made_came_out_of_no_cache() -> None:
    """Or a gateway could answer in a permitted site's place, and nobody would miss the number."""
    first = Gate().send(ask(1)).outcomes[0]
    forging = Gate(lambda request, tries: (first.response, None))
    forging.lab.inbox.append(replace(receipt(ask(1).raw, 1), site="other.example"))
    outcomes = by_token(forging.send(ask(1), ask(2)))
    assert not outcomes[ask(2).token].from_cache


def test_a_page_that_no_site_has_made_came_out_of_no_cache() -> None:
    page = b"HTTP/1.1 200 OK\r\n\r\n" + marks.visit_mark(99)
    (outcome,) = Gate(lambda request, tries: (page, None)).send(ask(1)).outcomes
    assert not outcome.from_cache


def test_a_hidden_requests_answer_is_what_comes_behind_its_covers() -> None:
    cover, hidden = ask(1, binding=False), replace(ask(2, binding=False), hidden=True)
    exchanged = Exchanged((b"HTTP/1.1 200 OK\r\n\r\n",), b"HTTP/1.1 404 No\r\n\r\n", None)
    connection = Connection((cover, hidden), "100.64.0.1", 8080)
    told = [(one.token, *answer) for one, answer in _answers(connection, exchanged)]
    assert told == [
        (cover.token, b"HTTP/1.1 200 OK\r\n\r\n", None),
        (hidden.token, b"HTTP/1.1 404 No\r\n\r\n", "closed"),
    ]


def test_sites_are_told_what_to_answer_before_they_are_asked() -> None:
    gate = Gate()
    failing = SiteAnswer(b"HTTP/1.1 502 Bad Gateway")
    gate.send(replace(ask(1), answer=failing), ask(2))
    assert gate.lab.answers == {ask(1).token: failing}
