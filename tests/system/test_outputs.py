"""All that one run writes, on the sample gateways: valid, proven, and without a number in it."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import dpkt
import pytest
from jsonschema import Draft202012Validator
from sarif_pydantic import Sarif
from tests.system.runs import CANDIDATES, SAMPLES, SHORT, Run
from tests.unit.bundles import allowed_signers, ssh_key

from headgate import resources
from headgate.detector import Scanner
from headgate.gate.ground import AGREED, NOBODY, REFUSED, SPARE, STRANGERS
from headgate.population import Population, populate

SEED = "0a1b2c3d4e5f6071"
RELEASED = SAMPLES / "released"
MAINTENANCE = SAMPLES / "candidates" / "2012-01-10-maintenance"

FILES = {
    "--json": "verdict.json",
    "--sarif": "verdict.sarif",
    "--markdown": "verdict.md",
    "--junit": "junit.xml",
    "--codequality": "codequality.json",
}
# Of a bundle all but this is masked.
RAW = "raw/"


@dataclass(frozen=True)
class Written:
    """A run with every output there is, and the folder that it wrote to."""

    run: Run
    folder: Path
    allowed: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    def json(self, name: str) -> Any:
        return json.loads(self.path(name).read_text("utf-8"))

    def bundle(self, name: str) -> dict[str, bytes]:
        with tarfile.open(self.path(name)) as tar:
            return {one.name: _content(tar, one) for one in tar}


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file
    return file.read()


def everything(folder: Path, candidates: Sequence[Path], policy: Path, seed: str) -> Written:
    key = ssh_key(folder)
    words: list[str | Path] = ["check", *candidates, "--policy", policy, "--seed", seed]
    words += [word for pair in FILES.items() for word in pair]
    words += ["--github", "--report", "report", "--bundle", "evidence.tar", "--sign", key]
    run = Run(folder, words)
    run.exit()
    return Written(run, folder, allowed_signers(key))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Both samples, judged in one call."""
    folder = tmp_path_factory.mktemp("written")
    return everything(folder, [RELEASED, MAINTENANCE], SAMPLES / "policy.yaml", SEED)


@pytest.fixture(scope="module")
def population() -> Population:
    """Everybody in that run."""
    rng = random.Random(f"{SEED} population")
    return populate(
        rng, agreed=AGREED, refused=REFUSED, nobody=NOBODY, spare=SPARE, strangers=STRANGERS
    )


BUNDLES = ("evidence.1-released.tar", "evidence.2-2012-01-10-maintenance.tar")


def texts(written: Written) -> Iterator[tuple[str, bytes]]:
    """Everything that a person, a log or a machine is shown of the run."""
    yield "the terminal", written.run.said.encode()
    for name in FILES.values():
        yield name, written.path(name).read_bytes()
    for path in sorted(written.path("report").rglob("*")):
        yield str(path.relative_to(written.folder)), path.read_bytes()
    for name in BUNDLES:
        for inner, data in written.bundle(name).items():
            if not inner.startswith(RAW):
                yield f"{name}: {inner}", data


def test_no_number_is_shown_in_any_form(written: Written, population: Population) -> None:
    """Whatever the form (digits, base64, hex, escapes, compressed …), and whoever's it is."""
    scanner = Scanner((*population.subscribers, *population.strangers))
    found = {
        f"{name}: {data[max(0, hit.start - 30) : hit.end]!r} ({hit.form})"
        for name, data in texts(written)
        for hit in scanner.find(data)
    }
    assert found == set()


def test_the_search_would_have_found_them(written: Written, population: Population) -> None:
    """The same search in what is left raw, where they must be."""
    scanner = Scanner((*population.subscribers, *population.strangers))
    raw = written.bundle(BUNDLES[1])
    exchanges = gzip.decompress(raw["raw/exchanges.jsonl.gz"])
    assert scanner.find(exchanges[: 1 << 20])
    assert scanner.find(gzip.decompress(raw["raw/capture.pcap.gz"])[: 1 << 20])
    assert b"raw/ is as it came, and holds the lab's own test numbers" in raw["README.txt"]


def test_the_verdicts_are_valid_by_the_published_schema(written: Written) -> None:
    schema = json.loads(resources.schema().read_text("utf-8"))
    Draft202012Validator(schema).validate(written.json("verdict.json"))
    for name in BUNDLES:
        Draft202012Validator(schema).validate(json.loads(written.bundle(name)["verdict.json"]))


def test_every_output_says_the_same(written: Written) -> None:
    assert [one["verdict"] for one in written.json("verdict.json")["candidates"]] == [
        "approved",
        "rejected",
    ]
    approved, rejected = written.json("verdict.sarif")["runs"]
    assert approved["results"] == []
    kinds = {one["ruleId"] for one in rejected["results"]}
    assert kinds == {"leak"}
    assert "✅ approved" in written.path("verdict.md").read_text("utf-8")
    assert "❌ rejected" in written.path("verdict.md").read_text("utf-8")
    first, second = ET.parse(written.path("junit.xml")).getroot().findall("testsuite")
    assert (first.get("failures"), first.get("errors")) == ("0", "0")
    assert int(second.get("failures") or 0) > 1
    assert len(first.findall("testcase")) > 30
    issues = written.json("codequality.json")
    assert {one["check_name"] for one in issues} == {"headgate-leak"}
    marks = [line for line in written.run.said.splitlines() if line.startswith("::error ")]
    assert len(marks) == len(issues) == len(rejected["results"])


def test_sarif_is_understood_and_points_into_the_candidate(written: Written) -> None:
    log = written.json("verdict.sarif")
    Sarif.model_validate(log)
    for result in log["runs"][1]["results"]:
        location = result["locations"][0]["physicalLocation"]
        path = Path(location["artifactLocation"]["uri"].removeprefix("file://"))
        assert path.is_relative_to(MAINTENANCE)
        assert 0 < location["region"]["startLine"] <= len(path.read_text().splitlines())


def test_the_bundles_are_proven(written: Written, tmp_path: Path) -> None:
    signed: list[str | Path] = ["--allowed-signers", written.allowed]
    approved, rejected = map(written.path, BUNDLES)
    cases: list[tuple[list[str | Path], int]] = [
        ([approved, *signed, "--deployed", RELEASED], 0),
        ([approved, *signed, "--policy", SAMPLES / "policy.yaml"], 0),
        ([approved, *signed, "--deployed", MAINTENANCE], 12),
        ([rejected, *signed, "--deployed", MAINTENANCE], 1),
    ]
    for words, status in cases:
        run = Run(tmp_path, ["verify", *words])
        assert run.exit() == status, run.said


def test_the_bundle_holds_what_was_judged(written: Written) -> None:
    files = written.bundle(BUNDLES[0])
    for path in RELEASED.rglob("*"):
        if path.is_file():
            assert files[f"candidate/{path.relative_to(RELEASED)}"] == path.read_bytes()
    assert files["policy.yaml"] == (SAMPLES / "policy.yaml").read_bytes()
    assert b"Rule:" in files["features/headgate/ordinary_sites.feature"]
    assert b"<html" in files["report/index.html"]
    assert b"MISSING" not in files["README.txt"]
    attested = json.loads(files["attestation.dsse.json"])
    assert attested["payloadType"] == "application/vnd.in-toto+json"


def test_the_raw_evidence_can_be_read(written: Written) -> None:
    files = written.bundle(BUNDLES[1])
    capture = gzip.decompress(files["raw/capture.pcap.gz"])
    path = written.path("capture.pcap")
    path.write_bytes(capture)
    with path.open("rb") as file:
        assert sum(1 for _ in dpkt.pcap.Reader(file)) > 1000
    lines = gzip.decompress(files["raw/exchanges.jsonl.gz"]).decode().splitlines()
    exchanges = [json.loads(line) for line in lines]
    (first, *_) = (one for one in exchanges if one["arrived"] and one["request"])
    assert first["request"].split("/")[1] in first["arrived"][0]["data"]
    (verdict,) = json.loads(files["verdict.json"])["candidates"]
    told = {one["request"] for one in exchanges}
    assert {one["request"] for one in verdict["findings"]} - {""} <= told
    assert sum(len(data) for data in files.values()) < 32 << 20


def test_the_run_can_be_repeated_from_the_bundle(written: Written, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", written.path(BUNDLES[1]), "-C", tmp_path], check=True)
    repeat = json.loads((tmp_path / "raw" / "repeat.json").read_text())
    program, *words = repeat["command"]
    assert program == "headgate"
    run = Run(tmp_path, [*words, "--json", "again.json", "--sarif", "again.sarif"])
    assert run.exit() == 1
    (again,) = json.loads((tmp_path / "again.json").read_text())["candidates"]
    was = written.json("verdict.json")["candidates"][1]
    assert (again["digest"], again["seed"]) == (was["digest"], was["seed"])


def test_the_same_fault_has_the_same_fingerprint_in_every_run(
    written: Written, tmp_path: Path
) -> None:
    words: list[str | Path] = [
        "check",
        MAINTENANCE,
        "--policy",
        SAMPLES / "policy.yaml",
        "--seed",
        "another",
    ]
    run = Run(tmp_path, [*words, "--sarif", "other.sarif"])
    assert run.exit() == 1
    other = json.loads((tmp_path / "other.sarif").read_text())["runs"][0]
    was = written.json("verdict.sarif")["runs"][1]
    prints = [
        {one["partialFingerprints"]["headgate/v1"] for one in log["results"]}
        for log in (was, other)
    ]
    assert prints[0] == prints[1]
    assert prints[0]


def test_what_does_not_start_leaves_evidence_too(tmp_path: Path) -> None:
    written = everything(tmp_path, [CANDIDATES / "unknown-directive"], SHORT, SEED)
    assert written.run.exit() == 2
    files = written.bundle("evidence.tar")
    assert b"MISSING. There is no capture: the gateway did not start." in files["README.txt"]
    assert re.search(rb'"verdict": "not-judged"', files["verdict.json"])
    run = Run(tmp_path, ["verify", "evidence.tar", "--allowed-signers", written.allowed])
    assert run.exit() == 2
    assert list(run.temporary.iterdir()) == list(written.run.temporary.iterdir()) == []
