"""What a disclosure owes to whom: the family that brought it about, the form and the layers in
which the number was found, the witness that saw it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from headgate.disclosure import PARTED, WITNESSES, Disclosure
from headgate.families import families
from headgate.forms import FORMS, Identity
from headgate.layers import LAYERS

FAMILY, FORM, LAYER, WITNESS = "family", "form", "layer", "witness"

# A number of each kind, to learn what its spellings are called.
_SAMPLES = (Identity("msisdn", "447700900123"), Identity("imsi", "001010000000123"))


@cache
def parts() -> Mapping[str, frozenset[str]]:
    """The ids of all that a disclosure can be owed to, by what they are."""
    return {
        FAMILY: frozenset(families()),
        FORM: frozenset(form.name for form in FORMS),
        LAYER: frozenset((PARTED, *(layer.name for layer in LAYERS))),
        WITNESS: frozenset(WITNESSES),
    }


def owed_to(one: Disclosure) -> Iterator[tuple[str, str]]:
    """What has contributed to a disclosure, as pairs such as `(family, ordinary)`."""
    yield WITNESS, one.witness
    family = one.request.partition("/")[0] or one.beside
    if family in families():
        yield FAMILY, family
    if spelling := _spelling_in(one.form):
        yield FORM, _forms()[spelling]
        rest = one.form.removeprefix(spelling).split(", in ")
        yield from ((LAYER, _layers()[name]) for name in rest if name in _layers())


def _spelling_in(form: str) -> str:
    """The longest name of a spelling with which a hit's form begins."""
    ends = [len(form), *(at for at in range(len(form)) if form.startswith(", ", at))]
    return max((form[:end] for end in ends if form[:end] in _forms()), key=len, default="")


@cache
def _forms() -> Mapping[str, str]:
    return {
        spelling.name: form.name
        for form in FORMS
        for identity in _SAMPLES
        for spelling in form.spellings(identity)
    }


@cache
def _layers() -> Mapping[str, str]:
    named = {name: layer.name for layer in LAYERS for name in (layer.name, *layer.gives)}
    return {**named, PARTED: PARTED}
