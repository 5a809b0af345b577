"""Forms of a number: one file a form, found by being in this folder.

A module whose name does not begin with an underscore holds one form as `FORM`. Encodings that
can hold anything (URL-encoding, base64 of base64, gzip) are not forms but layers: see
`headgate.layers`.
"""

from __future__ import annotations

import importlib
import pkgutil

from headgate.forms._form import Edge, Form, Identity, Kind, Spelling, Where, Written

__all__ = ["FORMS", "Edge", "Form", "Identity", "Kind", "Spelling", "Where", "Written"]


def _discovered() -> tuple[Form, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names if name[0] != "_"]
    return tuple(module.FORM for module in modules)


FORMS: tuple[Form, ...] = _discovered()
