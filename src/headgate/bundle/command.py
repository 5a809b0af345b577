"""`headgate verify`: whether a bundle is proven, and is about what is to be deployed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from headgate.bundle.statuses import MEANINGS, PROVEN

_ABOUT = """\
Prove a bundle of evidence, offline: that an allowed signer has signed it, that no byte of it has
changed since, that candidate, verdict and attestation belong together, and that the candidate was
approved; with --deployed also that this directory is, byte for byte, what was judged.
"""

_EXITS = "exits:\n" + "".join(f"  {status:2}  {what}\n" for status, what in MEANINGS.items())


def add_parser(commands: Any) -> None:
    verify = commands.add_parser(
        "verify",
        help="prove a bundle of evidence, and that it is about what is to be deployed",
        description=_ABOUT,
        epilog=_EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.add_argument("bundle", type=Path, metavar="BUNDLE")
    verify.add_argument(
        "--allowed-signers", type=Path, required=True, metavar="FILE",
        help="who may sign, in ssh-keygen's format",
    )  # fmt: skip
    verify.add_argument("--deployed", type=Path, metavar="DIR", help="what is to be deployed")
    verify.add_argument(
        "--policy", type=Path, metavar="FILE", help="the policy that it must have been judged by"
    )


def run(args: argparse.Namespace) -> int:
    """Prove it, and say what of it is proven; the exit status."""
    from headgate.bundle import proving

    try:
        proof = proving.prove(
            args.bundle, args.allowed_signers, deployed=args.deployed, policy=args.policy
        )
    except proving.Unproven as error:
        print(f"headgate: {error}", file=sys.stderr)
        return error.status
    verdict = proof.verdict
    print(f"{args.bundle}: proven, and {verdict['verdict']}: {verdict['reason']}")
    print(f"  candidate  {verdict['candidate']}, {verdict['digest']}")
    print(f"  signed by  {proof.signer}")
    print(f"  files      {proof.files}, none changed")
    if proof.deployed:
        print(f"  deployed   {proof.deployed} is byte for byte what was judged")
    return PROVEN
