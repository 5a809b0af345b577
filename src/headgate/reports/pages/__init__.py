"""The report for people: a page a candidate that holds all it needs, and an index of several.

A page is HTML and CSS in one file. It runs no script and fetches nothing (and says so to the
browser, in its content security policy), so it can be mailed, printed and kept. Whatever stands in
it may have been made up by a gateway: texts are escaped by the templates, without exception, and
what could steer a terminal or turn the direction of writing is spelled out.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Sequence
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from headgate import __version__, images
from headgate.record import Record, each_text
from headgate.reports.folder import INDEX
from headgate.reports.legible import legible
from headgate.reports.pages import comparison, view
from headgate.reports.pages.picture import picture

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def pages(records: Sequence[Record]) -> dict[str, str]:
    """The pages of a run by their file names: one is the index itself, of several each has a page
    of its own and the index compares them with the first."""
    records = [each_text(one, partial(legible, keep="\n\t")) for one in records]
    if len(records) == 1:
        return {INDEX: _page(records[0])}
    names = [_name(number, one) for number, one in enumerate(records, 1)]
    own = {name: _page(one, INDEX) for name, one in zip(names, records, strict=True)}
    return {INDEX: _index(names, records), **own}


def _name(number: int, record: Record) -> str:
    """A file name for a candidate's page, whatever the candidate is called."""
    last = _UNSAFE.sub("-", Path(record.verdict.candidate).name).strip("-.")
    return f"{number}-{last[:60] or 'candidate'}.html"


def _page(record: Record, index: str = "") -> str:
    return _rendered(
        "page.html",
        record=record,
        verdict=record.verdict,
        evidence=record.evidence,
        findings=view.findings(record),
        rows=view.rows(record.evidence.matrix),
        files=view.files(record.evidence),
        coverage=view.coverage(record.evidence),
        picture=picture(record.evidence),
        index=index,
        title=record.verdict.candidate,
    )


def _index(names: Sequence[str], records: Sequence[Record]) -> str:
    first, *others = records
    compared = [comparison.compare(first, one) for one in others]
    return _rendered(
        "index.html",
        entries=list(zip(names, records, (None, *compared), strict=True)),
        first=first,
        title=f"{len(records)} candidates",
    )


def _rendered(template: str, **values: Any) -> str:
    css = _style()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        _templates()
        .get_template(template)
        .render(css=css, css_digest=digest, tool=__version__, **values)
    )


@cache
def _style() -> str:
    folder = resources.files("headgate.reports.pages").joinpath("templates")
    return "\n" + folder.joinpath("style.css").read_text("utf-8")


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates in the user's cache: to compile them takes longer than to fill them in.
    Where they cannot be kept, they are compiled the next time too."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _kept() -> _Compiled:
    folder = images.cache_folder() / "templates"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return _Compiled(str(folder))


@cache
def _templates() -> Environment:
    environment = Environment(
        bytecode_cache=_kept(),
        loader=PackageLoader("headgate.reports.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        time=view.time,
        share=view.share,
        count=view.count,
        parts=view.parts,
        plural=view.plural,
        control=view.control,
        parted=view.parted,
    )
    environment.globals.update(TALLY=view.TALLY, OUTCOMES=view.OUTCOMES, VERDICTS=view.VERDICTS)
    return environment
