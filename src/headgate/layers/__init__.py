"""Encodings that can hold a number in any form: one file a layer, found by being in this folder.

A module whose name does not begin with an underscore holds one layer as `LAYER`. A layer takes
data and gives what it finds encoded in them; the detector scans that again, three layers deep.
"""

from __future__ import annotations

import importlib
import pkgutil

from headgate.layers._layer import Budget, Decoded, Layer, Source

__all__ = ["LAYERS", "Budget", "Decoded", "Layer", "Source"]


def _discovered() -> tuple[Layer, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names if name[0] != "_"]
    return tuple(module.LAYER for module in modules)


LAYERS: tuple[Layer, ...] = _discovered()
