"""A property that is computed when it is first asked for, and kept."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")


class lazy(cached_property[T]):  # noqa: N801 - it is written as a decorator
    """`cached_property` without the lock that it takes in Python 3.11: there are twenty of these in
    each request, and what they compute may as well be computed twice."""

    if not TYPE_CHECKING:  # its types are those of `cached_property`

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self.attrname] = self.func(instance)
            return value
