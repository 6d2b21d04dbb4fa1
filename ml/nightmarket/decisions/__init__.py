"""The decisions: plain policies on scores. Every package of this one that has a ``DECISION`` is one.

Like the families, these packages are light until they decide: a DAG imports them to know its tasks.
To add one, see docs/adding/decision.md.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nightmarket.decisions.base import Decision


def _find() -> dict[str, Decision]:
    packages = [import_module(f"{__name__}.{name}") for name in sorted(one.name for one in iter_modules(__path__))]
    decisions = [package.DECISION for package in packages if hasattr(package, "DECISION")]
    return {decision.name: decision for decision in decisions}


DECISIONS: dict[str, Decision] = _find()
