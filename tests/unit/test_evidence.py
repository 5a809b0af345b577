"""A disclosure tells which family, form, layer and witness it is owed to."""

from __future__ import annotations

import base64
import gzip
from dataclasses import replace

import pytest
from tests.unit.fakes import ADA

from headgate.detector import Scanner
from headgate.disclosure import COMPARISON, LEAK, RECEIPTS, Disclosure
from headgate.evidence import FAMILY, FORM, LAYER, WITNESS, owed_to, parts
from headgate.forms import FORMS, Identity

SCANNER = Scanner([ADA])
NUMBER = ADA.msisdn.encode()


def disclosed(form: str, request: str = "", witness: str = RECEIPTS) -> Disclosure:
    return Disclosure(LEAK, "shop.example", "", ADA, form, "header x", request, "", witness)


def of(what: str, form: str) -> set[str]:
    return {name for kind, name in owed_to(disclosed(form)) if kind == what}


def test_a_family_is_told_by_the_request_and_a_witness_by_itself() -> None:
    one = disclosed("depends on the subscriber", "lookalike/k3f9", COMPARISON)
    assert set(owed_to(one)) == {(WITNESS, COMPARISON), (FAMILY, "lookalike")}


def test_what_arrives_by_itself_is_owed_to_the_family_beside_it() -> None:
    one = replace(disclosed("digits, national"), beside="tunnel")
    assert (FAMILY, "tunnel") in owed_to(one)


def test_what_no_family_has_sent_is_owed_to_none() -> None:
    assert not {FAMILY} & {what for what, _ in owed_to(disclosed("", "probes/k3f9"))}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_spelling_is_owed_to_its_form(form: object) -> None:
    assert form in FORMS
    for identity in (Identity("msisdn", ADA.msisdn), Identity("imsi", ADA.imsi)):
        for spelling in next(one for one in FORMS if one is form).spellings(identity):
            assert of(FORM, spelling.name) == {getattr(form, "name")}  # noqa: B009
            assert of(LAYER, f"{spelling.name}, in gzip") == {"compressed"}


@pytest.mark.parametrize(
    ("layer", "data"),
    [
        ("base64", base64.b64encode(b"TEL:+44 7700 900123 is the number")),
        ("chunked", b"Transfer-Encoding: chunked\r\n\r\n6\r\n447700\r\n6\r\n900123\r\n0\r\n\r\n"),
        ("compressed", gzip.compress(b"who=" + NUMBER)),
        ("hex", b"TEL:+44-7700-900123".hex().encode()),
        ("HTML entities", b"".join(b"&#%d;" % digit for digit in NUMBER)),
        ("escapes", b'"' + b"".join(b"\\u%04x" % digit for digit in NUMBER) + b'"'),
        ("URL-encoding", b"/?n=" + b"".join(b"%%%02X" % digit for digit in NUMBER)),
        ("UTF-16", b"\0" + b"\0".join(bytes([digit]) for digit in b"n:" + NUMBER)),
    ],
)
def test_each_layer_is_told_by_what_it_has_decoded(layer: str, data: bytes) -> None:
    hits = SCANNER.find(data)
    assert hits
    assert of(LAYER, hits[0].form) == {layer}


def test_these_are_all_the_layers_but_that_of_two_values() -> None:
    assert parts()[LAYER] - {"two values"} == {
        "base64", "chunked", "compressed", "hex", "HTML entities", "escapes", "URL-encoding",
        "UTF-16",
    }  # fmt: skip
    assert of(LAYER, "digits, international, in two values") == {"two values"}
