"""JUnit XML: what pytest says of each scenario, masked, with the verdict as a test of its own.

pytest may be green where the verdict is none: a control that did not fire is no failed scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from headgate.numbers import mask_numbers
from headgate.reports.findings import Record
from headgate.verdict import APPROVED, NOT_JUDGED

# What XML 1.0 cannot hold, however it is written.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUMS = ("tests", "failures", "errors", "skipped")


def junit(judged: Iterable[tuple[Record, bytes | None]]) -> bytes:
    """One document of all candidates: a record, and what pytest wrote of its run, if it did."""
    suites = [_suite(record, written) for record, written in judged]
    root = ET.Element("testsuites", name="headgate")
    for name in _SUMS:
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(record: Record, written: bytes | None) -> ET.Element:
    suite = _written(written) if written else None
    if suite is None:
        suite = ET.Element("testsuite", dict.fromkeys(_SUMS, "0"))
    for element in suite.iter():
        _mask(element)
    suite.set("name", _plain(record["candidate"]))
    suite.insert(0, _verdict(record))
    _count(suite, "tests")
    if record["verdict"] != APPROVED:
        _count(suite, "errors" if record["verdict"] == NOT_JUDGED else "failures")
    return suite


def _written(written: bytes) -> ET.Element | None:
    root = ET.fromstring(written)  # of our own making: pytest's, in a folder of ours
    return root if root.tag == "testsuite" else root.find("testsuite")


def _mask(element: ET.Element) -> None:
    """Texts and what people read; an attribute of a time looks like a number and is none."""
    element.text = mask_numbers(element.text) if element.text else element.text
    for name in ("message", "name"):
        if name in element.attrib:
            element.set(name, mask_numbers(element.attrib[name]))


def _verdict(record: Record) -> ET.Element:
    case = ET.Element("testcase", classname="headgate", name="the candidate is approved")
    case.set("time", f"{record['seconds']:.3f}")
    if record["verdict"] != APPROVED:
        tag = "error" if record["verdict"] == NOT_JUDGED else "failure"
        problem = ET.SubElement(
            case, tag, message=_plain(f"{record['verdict']}: {record['reason']}")
        )
        problem.text = _plain("\n".join([*_found(record), *record["notes"], record["words"]]))
    return case


def _found(record: Record) -> list[str]:
    return [
        f"{one['kind']}: {one['where']} at {one['site']}, {one['count']} times, {one['subscriber']}"
        for one in record["findings"]
    ]


def _count(suite: ET.Element, name: str) -> None:
    suite.set(name, str(int(suite.get(name, 0)) + 1))


def _plain(text: str) -> str:
    return _NO_XML.sub("?", text)
