"""Modules that are imported when something is asked of them, not before."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands for a module until one of its names is read."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer(*names: str) -> None:
    """Let each of ``names`` be imported at its first use; what has been imported before is left as it is.

    ``importlib.util.LazyLoader`` means the same, but up to Python 3.12 a plain ``import`` of it is a use.
    """
    for name in names:
        if name in sys.modules:
            continue
        sys.modules[name] = deferred = _Deferred(name)
        package, _, child = name.rpartition(".")
        if package:
            setattr(importlib.import_module(package), child, deferred)
