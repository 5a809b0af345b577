"""Holding what arrived against the policy. Pure: bytes and a policy in, disclosures out.

Each check names the clause of the contract ("What must hold") that it enforces. What a handset
itself wrote into a request is no disclosure where it comes out again; in a header of the policy's
name it is a forgery.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from functools import partial

from headgate import disclosing
from headgate.detector import Hit, Scanner
from headgate.differential import Dependence
from headgate.disclosure import (
    COMPARISON,
    EXCESS,
    FAIL_OPEN,
    FILES,
    FORGERY,
    LEAK,
    MISATTRIBUTION,
    MISSING,
    NO_CONSENT,
    RESIDUE,
    RESPONSES,
    Disclosure,
)
from headgate.flow import Flow
from headgate.http import Field, Message
from headgate.internet import normal
from headgate.masking import excerpt, mask_hits, mask_text
from headgate.numbers import Subscriber
from headgate.policy import Permission, Policy, same_page
from headgate.request import Outcome, Receipt, Request
from headgate.resp import readings
from headgate.sent_on import sent_on
from headgate.sieve import added, suspects

# Longer than any form of a number.
_MARGIN = 256

# Answers by which a gateway says that it does not work, rather than that it will not.
_FAILURES = (500, 502, 504)

# A value that reads as a number, whoever's: digits in the length of an E.164 number or longer.
_NUMBER_LIKE = re.compile(rb"\d{8,}")
# A line whose value begins with digits, below one that ends in digits. (The search for the second
# begins with what is rare.)
_PARTED = re.compile(rb"\n[^:\r\n]*:[ \t]*[0-9]{3}")
_DIGITS_LAST = re.compile(rb"[0-9]{3}[ \t]*\r?\Z")


class Judge:
    """A policy, and a scanner that knows the numbers of everyone in the lab."""

    def __init__(self, policy: Policy, scanner: Scanner) -> None:
        self._policy = policy
        self._scanner = scanner

    def outcome(self, outcome: Outcome) -> Iterator[Disclosure]:
        """Everything wrong with what became of one request."""
        return self.outcomes([outcome])

    def outcomes(self, outcomes: Sequence[Outcome]) -> Iterator[Disclosure]:
        """The same of many requests, which is quicker than one by one."""
        suspected = self._suspected(outcomes)
        for outcome in outcomes:
            yield from map(self._masked, self._outcome(outcome, suspected))

    def _suspected(self, outcomes: Sequence[Outcome]) -> Container[int]:
        """The receipts, and the outcomes with responses, that have to be scanned, by their `id`:
        what is in none of the others need not be asked of each."""
        told = {
            id(receipt): self._news(receipt, outcome)
            for outcome in outcomes
            for receipt in outcome.receipts
        }
        told |= {id(one): _answer(one.response, one) for one in outcomes if one.response}
        keys = list(told)
        return {keys[index] for index in suspects(list(told.values()), self._scanner)}

    def _news(self, receipt: Receipt, outcome: Outcome) -> bytes:
        """What a receipt holds beside the handset's own words, and the number where it is granted
        (once: a second time it is news)."""
        news = added(receipt.data, outcome.words)
        if outcome.subscriber is None or not self._entitled(outcome):
            return news
        lines = news.split(b"\r\n")
        granted = self._policy.identifier_for(outcome.subscriber)
        rest = [line for line in lines if not self._grants(line, granted)]
        if (
            len(rest) + 1 != len(lines)
            or self._permission(receipt, outcome.request) is Permission.NO
            or not _was_asked(receipt, outcome)
        ):
            return news
        return b"\r\n".join(rest)

    def _grants(self, line: bytes, granted: bytes) -> bool:
        name, _, value = line.partition(b":")
        return value.strip() == granted and self._policy.named(name.strip())

    def _outcome(self, outcome: Outcome, suspected: Container[int]) -> Iterator[Disclosure]:
        for receipt in outcome.receipts:
            yield from self._receipt(receipt, outcome, scan=id(receipt) in suspected)
        if outcome.response is not None and id(outcome) in suspected:
            for response in Message(outcome.response).responses:
                yield from self._response(response.raw, outcome)
        yield from self._missing(outcome)

    def agreed(self, subscriber: Subscriber | None) -> bool:
        """Whether there is somebody, and permitted sites may know who it is (rule 1)."""
        required = self._policy.consent_required
        return subscriber is not None and (subscriber.consent or not required)

    def disclosed_rightly(self, outcome: Outcome) -> bool:
        """Whether the number arrived where the policy wants it: the positive control."""
        return self.must_get(outcome) and self.got(outcome)

    def unproved(self, outcome: Outcome) -> bool:
        """Whether it is unknown what the gateway does with this request.

        It neither arrived nor was refused on purpose: nothing came back, or the gateway failed.
        Where a gateway does not know its subscriber, failing is a way to refuse.
        """
        if outcome.arrived or not (outcome.request.binding and outcome.known):
            return False
        failed = outcome.subscriber is not None and outcome.status in _FAILURES
        return outcome.error == "timeout" or (failed and not self.must_get(outcome))

    def strays(self, receipts: Sequence[Receipt], beside: str = "") -> Iterator[Disclosure]:
        """What arrived without belonging to a request: no one may learn anything from it."""
        for index in sorted(suspects([one.data for one in receipts], self._scanner)):
            yield from self._stray(receipts[index], beside)

    def _stray(self, receipt: Receipt, beside: str) -> Iterator[Disclosure]:
        kind = EXCESS if self._permission(receipt, None) is not Permission.NO else LEAK
        hits = self._scanner.find(receipt.data)
        for hit in hits:
            found = disclosing.of_hit(kind, receipt, hit, hits, "")
            yield self._masked(replace(found, beside=beside))

    def may_depend(
        self, request: Request, receipt: Receipt, name: bytes, subscriber: Subscriber
    ) -> bool:
        """Whether a header of this name differs there by subscriber as rule 1 wants it."""
        granted = self._permission(receipt, request) is not Permission.NO
        return self._policy.named(name) and granted and self.agreed(subscriber)

    def dependence(self, found: Dependence, subscriber: Subscriber | None) -> Iterator[Disclosure]:
        """What depends on the subscriber, one of whom is given, breaks rule 2; where the number
        may be known, only what tells more than the number does."""
        kind = LEAK
        if self._permission(found.receipt, found.request) is not Permission.NO:
            agreed = subscriber is None or self.agreed(subscriber)
            kind = EXCESS if agreed else NO_CONSENT
            if agreed and not found.between_two:
                return
        yield self._masked(
            Disclosure(
                kind,
                disclosing.place_name(found.receipt),
                found.receipt.address,
                subscriber,
                found.form,
                found.where,
                found.request.id if found.request else "",
                found.sample,
                COMPARISON,
            )
        )

    def residue(self, path: str, data: bytes) -> Iterator[Disclosure]:
        """Rule 5: no number in a log or a file, nor in what a file or its folder is called."""
        yield from self._left(path, path.encode(errors="surrogateescape"))
        yield from self._left(path, data)

    def _left(self, path: str, data: bytes) -> Iterator[Disclosure]:
        hits = self._scanner.find(data)
        samples: dict[str, str] = {}  # one a form: a log may hold a number in each of its lines
        for hit in hits:
            if hit.form not in samples:
                samples[hit.form] = excerpt(data, hit, hits)
            sample = samples[hit.form]
            left = Disclosure(RESIDUE, path, "", hit.subscriber, hit.form, path, "", sample, FILES)
            yield self._masked(left)

    def flow(self, flow: Flow, written: Callable[[bytes], bool]) -> Iterator[Disclosure]:
        """Rule 2: what crossed to whoever is not permitted tells nobody's number.

        `written` says whether handsets wrote these bytes. What was received at a permitted place
        is judged by its receipts. Asking the store is no disclosure, writing to it is.
        """
        if flow.received and self._policy.serves(flow.site, flow.port):
            return
        hits = self._scanner.find(flow.data)
        asked = list(readings(flow.data)) if flow.store and hits else []
        samples: dict[str, str] = {}  # one a form: a stream may hold numbers in all of its commands
        for hit in hits:
            if _covered(hit, asked) or written(flow.data[hit.start : hit.end]):
                continue
            if hit.form not in samples:
                samples[hit.form] = excerpt(flow.data, hit, hits)
            yield self._masked(disclosing.of_flow(flow, hit, samples[hit.form]))

    def _masked(self, one: Disclosure) -> Disclosure:
        """A gateway can make a number part of a host's, a header's or a file's name."""
        site, where, sample = map(self.shown, (one.site, one.where, one.sample))
        return replace(one, site=site, where=where, sample=sample)

    def shown(self, text: str) -> str:
        """Any text as people may see it: without a number of the lab's."""
        return mask_text(text, self._scanner)

    def printed(self, data: bytes) -> str:
        """Any bytes in printable characters, likewise."""
        return mask_hits(data, self._scanner.find(data))

    # A receipt

    def _permission(self, receipt: Receipt, request: Request | None) -> Permission:
        if receipt.kind not in ("http", "https"):
            return Permission.NO
        target = receipt.message.path
        permits = partial(self._policy.permits, receipt.site, receipt.port)
        if request is None or receipt.site != normal(request.host):
            return permits(target)  # a gateway that goes where a site has sent it
        asked = permits(request.path)
        if asked is Permission.YES and not same_page(target, request.path):
            return permits(target)
        return asked

    def _receipt(self, receipt: Receipt, outcome: Outcome, *, scan: bool) -> Iterator[Disclosure]:
        yield from self._forged(receipt, outcome)
        permission = self._permission(receipt, outcome.request)
        permitted = permission is not Permission.NO
        data = _without_end(receipt.data, outcome.request.body)
        hits = self._scanner.find(data) if scan else []
        for hit in hits:
            if receipt.data[hit.start : hit.end] in outcome.words:
                continue  # the handset's own words
            kind = self._kind_at_permitted(hit, receipt, outcome) if permitted else LEAK  # rule 2
            if kind:
                yield disclosing.of_hit(kind, receipt, hit, hits, outcome.request.id)
        yield from self._parted(receipt, outcome, permitted=permitted)
        if permitted:
            yield from self._nobodys(receipt, outcome)

    def _parted(
        self, receipt: Receipt, outcome: Outcome, *, permitted: bool
    ) -> Iterator[Disclosure]:
        """Rule 2, for a number of which one line has the beginning and the next one the rest."""
        if receipt.kind not in ("http", "https"):
            return
        head = receipt.data[: receipt.message.body_start]
        if all(two in outcome.words for two in _parts(head)):
            return
        fields = receipt.message.fields
        for hit in self._scanner.find_split([one.value for one in fields]):
            two = fields[hit.index : hit.index + 2]
            if not all(one.value in outcome.words for one in two):
                kind = self._not_granted(hit.subscriber, outcome) or EXCESS if permitted else LEAK
                yield disclosing.in_two(kind, receipt, hit, two, outcome.request.id)

    def _entitled(self, outcome: Outcome) -> bool:
        """Whether a permitted site may learn who this handset's subscriber is (rules 1 and 4)."""
        return outcome.known and self.agreed(outcome.subscriber)

    def _not_granted(self, whose: Subscriber, outcome: Outcome) -> str | None:
        """Why a permitted site may not have this number with this request, if it may not."""
        if outcome.subscriber is None or not outcome.known:
            return FAIL_OPEN  # rule 4
        if whose.msisdn != outcome.subscriber.msisdn:
            return MISATTRIBUTION  # rules 1 and 2
        return None if self._entitled(outcome) else NO_CONSENT  # rule 1

    def _kind_at_permitted(self, hit: Hit, receipt: Receipt, outcome: Outcome) -> str | None:
        if kind := self._not_granted(hit.subscriber, outcome):
            return kind
        fields = self._exact_fields(receipt, outcome)
        if len(fields) != 1 or not _within(hit, fields[0]):
            # Rule 1: in the policy's header, once, in the policy's form, and in no other place.
            return EXCESS
        # Rule 1: with the handset's own request, not with one that tells of its visit elsewhere.
        return None if _was_asked(receipt, outcome) else EXCESS

    def _exact_fields(self, receipt: Receipt, outcome: Outcome) -> list[Field]:
        """The fields that hold what rule 1 grants, to the byte."""
        if outcome.subscriber is None:
            return []
        granted = self._policy.identifier_for(outcome.subscriber)
        return [field for field in self._named(receipt) if field.value == granted]

    def _named(self, receipt: Receipt) -> list[Field]:
        if not self._policy.may_be_named_in(receipt.data):
            return []
        return [one for one in receipt.message.fields if self._policy.named(one.name)]

    def _forged(self, receipt: Receipt, outcome: Outcome) -> Iterator[Disclosure]:
        """Rule 3: what a handset sent under the policy's name or one of `strip` reaches no site."""
        if not outcome.request.forged or receipt.kind not in ("http", "https"):
            return
        message = receipt.message
        for field in (*message.fields, *message.trailer):
            if not self._policy.stripped(field.name):
                continue
            if _repeats(field, outcome):
                yield disclosing.of_value(FORGERY, receipt, field, outcome)

    def _nobodys(self, receipt: Receipt, outcome: Outcome) -> Iterator[Disclosure]:
        """Values under the policy's name that the gateway made up (a default, the store's garbage).

        Rule 1: beside the number such a value is one too many. Rule 4: where the gateway cannot
        know the subscriber, nor does a number go out that is nobody's.
        """
        entitled = self._entitled(outcome)
        granted = self._exact_fields(receipt, outcome) if entitled else []
        for field in self._named(receipt):
            if field in granted or self._scanner.find(field.value) or _repeats(field, outcome):
                continue
            if granted and field.value:
                yield disclosing.of_value(EXCESS, receipt, field, outcome)
            elif not entitled and _NUMBER_LIKE.search(field.value):
                yield disclosing.of_value(FAIL_OPEN, receipt, field, outcome)

    def _missing(self, outcome: Outcome) -> Iterator[Disclosure]:
        """Rule 1: a permitted site gets the number."""
        if not self.must_get(outcome) or self.got(outcome) or self.unproved(outcome):
            return
        if outcome.from_cache:
            return  # its page was made for another visit; whose number it holds is told elsewhere
        if outcome.request.refusable and outcome.refused and outcome.status not in _FAILURES:
            return
        where = f"header {self._policy.header.lower()}"
        if not outcome.arrived:
            where = "no request arrived"
        status = f"status {outcome.status}" if outcome.status else outcome.error
        request = outcome.request
        yield Disclosure(
            MISSING, request.host, "", outcome.subscriber, "", where, request.id, status or ""
        )

    def must_get(self, outcome: Outcome) -> bool:
        """Whether a permitted site has to get the number with this request."""
        request = outcome.request
        if not request.binding or outcome.error == "late" or not self._entitled(outcome):
            return False
        permission = self._policy.permits(request.host, request.port, request.path)
        return permission is Permission.YES

    def got(self, outcome: Outcome) -> bool:
        """Whether a permitted site got the number as rule 1 grants it."""
        return any(
            self._exact_fields(receipt, outcome)
            for receipt in outcome.receipts
            if self._permission(receipt, outcome.request) is not Permission.NO
        )

    # The handset's side

    def _response(self, response: bytes, outcome: Outcome) -> Iterator[Disclosure]:
        """Rule 2: no other's number comes back, nor the own one where the handset sends it on."""
        hits = self._scanner.find(_answer(response, outcome))
        for hit in hits:
            if response[hit.start : hit.end] in outcome.words:
                continue
            own = outcome.subscriber
            if own and hit.subscriber.msisdn == own.msisdn and not sent_on(response, hit):
                continue
            where = Message(response).place(hit.start).replace("request line", "status line")
            yield Disclosure(
                LEAK,
                f"the handset {outcome.request.handset}",
                outcome.request.handset,
                hit.subscriber,
                hit.form,
                f"response {where}",
                outcome.request.id,
                excerpt(response, hit, hits),
                RESPONSES,
            )


def _parts(head: bytes) -> Iterator[bytes]:
    """Where digits that end one line may go on in the next one."""
    for below in _PARTED.finditer(head):
        line = head.rfind(b"\n", 0, below.start()) + 1
        if above := _DIGITS_LAST.search(head, line, below.start()):
            yield head[above.start() : below.end()]


def _was_asked(receipt: Receipt, outcome: Outcome) -> bool:
    """Whether a site is one that the handset's request, or the answer to it, has named."""
    request = outcome.request
    if receipt.site == normal(request.host):
        return True
    said = (request.raw + (request.answer.head if request.answer else b"")).lower()
    if request.answer:
        said += request.answer.body.lower()
    return any(name.lower().encode() in said for name in (receipt.site, receipt.address))


def _within(hit: Hit, field: Field) -> bool:
    return field.start <= hit.start and hit.end <= field.end


def _repeats(field: Field, outcome: Outcome) -> bool:
    return any(value and value in field.value for value in outcome.request.forged)


def _without_end(data: bytes, known: bytes) -> bytes:
    """The data without what is known to stand at their end, which can be long, and tells nothing:
    the handset's or the site's own bytes. (But for some of it, in which a number could end.)"""
    if len(known) > _MARGIN and data.endswith(known):
        return data[: len(data) - len(known) + _MARGIN]
    return data


def _answer(response: bytes, outcome: Outcome) -> bytes:
    """A response without the page that the site was told to answer with."""
    return _without_end(response, outcome.request.answer.body if outcome.request.answer else b"")


def _covered(hit: Hit, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a hit lies within one of these spans, which are in order."""
    index = bisect_right(spans, (hit.start, math.inf)) - 1
    return index >= 0 and hit.end <= spans[index][1]
