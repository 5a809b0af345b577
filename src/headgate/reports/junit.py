"""JUnit XML: what pytest says of each scenario, masked, with the verdict as a test of its own.

pytest may be green where the verdict is none: a control that did not fire is no failed scenario.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from xml.etree import ElementTree as ET

from headgate.numbers import mask_numbers
from headgate.reports.findings import Plain
from headgate.verdict import APPROVED, NOT_JUDGED

# What XML 1.0 cannot hold, however it is written.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUMS = ("tests", "failures", "errors", "skipped")


def masked(written: bytes, shown: Callable[[str], str]) -> bytes:
    """What pytest has written, each text in it as `shown` gives it. An attribute of a time looks
    like a number, and is none."""
    root = ET.fromstring(written)  # of our own making: pytest's, in a folder of ours
    for element in root.iter():
        element.text = shown(mask_numbers(element.text)) if element.text else element.text
        for name in ("message", "name"):
            if name in element.attrib:
                element.set(name, shown(mask_numbers(element.attrib[name])))
    return _text(root)


def junit(judged: Iterable[tuple[Plain, bytes | None]]) -> bytes:
    """One document of all candidates: a record, and what pytest wrote of its run, masked, if it
    did."""
    suites = [_suite(record["verdict"], written) for record, written in judged]
    root = ET.Element("testsuites", name="headgate")
    for name in _SUMS:
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in suites)))
    root.extend(suites)
    ET.indent(root)
    return _text(root) + b"\n"


def _text(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _suite(verdict: Plain, written: bytes | None) -> ET.Element:
    root = ET.fromstring(written) if written else None
    suite = None if root is None else root.find("testsuite")
    if suite is None:
        suite = ET.Element("testsuite", dict.fromkeys(_SUMS, "0"))
    suite.set("name", _plain(verdict["candidate"]))
    suite.insert(0, _verdict(verdict))
    _count(suite, "tests")
    if verdict["verdict"] != APPROVED:
        _count(suite, "errors" if verdict["verdict"] == NOT_JUDGED else "failures")
    return suite


def _verdict(verdict: Plain) -> ET.Element:
    case = ET.Element("testcase", classname="headgate", name="the candidate is approved")
    case.set("time", f"{verdict['seconds']:.3f}")
    if verdict["verdict"] != APPROVED:
        tag = "error" if verdict["verdict"] == NOT_JUDGED else "failure"
        problem = ET.SubElement(
            case, tag, message=_plain(f"{verdict['verdict']}: {verdict['reason']}")
        )
        problem.text = _plain("\n".join([*_found(verdict), *verdict["notes"], verdict["words"]]))
    return case


def _found(verdict: Plain) -> list[str]:
    return [
        f"{one['kind']}: {one['where']} at {one['site']}, {one['count']} times, {one['subscriber']}"
        for one in verdict["findings"]
    ]


def _count(suite: ET.Element, name: str) -> None:
    suite.set(name, str(int(suite.get(name, 0)) + 1))


def _plain(text: str) -> str:
    return _NO_XML.sub("?", text)
