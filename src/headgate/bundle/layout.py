"""What stands where in a bundle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from headgate.gateway_spec import FILE_NAME

README = "README.txt"
SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
ATTESTATION = "attestation.dsse.json"
RECORD = "record.json"
VERDICT = "verdict.json"
POLICY = "policy.yaml"
# The candidate's files as they are installed, and beside them the lines that its digest is the
# SHA-256 of. Links are told there and in a file, since an archive with links leads anywhere.
CANDIDATE = "candidate/"
CANDIDATE_SUMS = "candidate.sums"
CANDIDATE_LINKS = "candidate.links.json"
SETTINGS = CANDIDATE + FILE_NAME
FEATURES = "features/"
REPORT = "report/"
RAW = "raw/"
CAPTURE = RAW + "capture.pcap.gz"
EXCHANGES = RAW + "exchanges.jsonl.gz"
REPEAT = RAW + "repeat.json"

# Neither can tell its own sum.
UNSUMMED = frozenset({SUMS, SIGNATURE})


def numbered(name: str) -> Iterator[str]:
    """This name, and the ones of more files of the same kind: `raw/capture-2.pcap.gz`."""
    stem, dot, ending = name.partition(".")
    yield name
    for at in count(2):
        yield f"{stem}-{at}{dot}{ending}"


WORDS = """\
The evidence of one run of Headgate on one candidate
====================================================

candidate   {candidate}
digest      {digest}
verdict     {verdict}
reason      {reason}
signed      {signed}

verdict.json           the verdict, with all findings
record.json            the record of the run: the verdict and all that is known beside it
report/                the same for people and machines, made from the record
candidate/             the files that were judged, byte for byte, as they are to be deployed
candidate.sums         their sums; the SHA-256 of this very file is the candidate's digest
candidate.links.json   the candidate's symbolic links and where they lead, if it has any
policy.yaml            the policy that it was judged by
features/              the scenarios that were carried out
raw/                   raw evidence: what crossed the cable to the outside (capture.pcap.gz), what
                       handsets sent and what arrived of it (exchanges.jsonl.gz), and how to repeat
                       the run (repeat.json); of a run that processes have shared, a file of each
SHA256SUMS             the sums of all files here but itself and its signature
SHA256SUMS.sig         the signature of SHA256SUMS, by ssh-keygen -Y, namespace {namespace}
attestation.dsse.json  an in-toto test-result about the candidate's digest, by the same key

NUMBERS. What stands in raw/ is as it came, and holds the lab's own test numbers in full: they are
drawn from ranges that no subscriber has (the ones that Ofcom keeps for drama, test network 001 01).
In all other files that Headgate wrote, numbers are masked. candidate/, policy.yaml and features/
are copies of what was handed in.
{missing}
To prove it:  headgate verify BUNDLE --allowed-signers FILE [--deployed DIRECTORY]
By hand, with tar, ssh-keygen, sha256sum and openssl: see docs/evidence.md of Headgate.
"""
