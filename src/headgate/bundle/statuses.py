"""The exits of `headgate verify`. 1 and 2 are the verdicts, as everywhere."""

from __future__ import annotations

PROVEN = 0
REJECTED = 1
NOT_JUDGED = 2
UNUSABLE = 3
UNSIGNED = 4
FOREIGN = 5
MISSIGNED = 6
CHANGED = 7
INCOMPLETE = 8
CONTRADICTORY = 9
OTHER_POLICY = 10
OTHER_CANDIDATE = 11
DEPLOYED_CHANGED = 12
DEPLOYED_INCOMPLETE = 13

MEANINGS = {
    PROVEN: "proven, and approved (and what is to be deployed is what was judged)",
    REJECTED: "proven, and rejected",
    NOT_JUDGED: "proven, and not judged; or the command line is wrong",
    UNUSABLE: "no bundle, an unsafe archive, or a file that cannot be read",
    UNSIGNED: "not signed",
    FOREIGN: "signed by somebody who is not allowed to",
    MISSIGNED: "the signature is not that of this list of sums",
    CHANGED: "a file in the bundle, or the archive itself, has changed",
    INCOMPLETE: "a file is missing in the bundle, or extra",
    CONTRADICTORY: "its parts contradict each other: another candidate, another verdict",
    OTHER_POLICY: "judged by another policy than that of --policy",
    OTHER_CANDIDATE: "what is to be deployed is another candidate",
    DEPLOYED_CHANGED: "a file of what is to be deployed has changed",
    DEPLOYED_INCOMPLETE: "a file is missing in what is to be deployed, or extra",
}
