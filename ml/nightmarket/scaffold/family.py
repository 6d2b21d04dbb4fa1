"""The files of a new family, from templates that are package data. Pure: a name in, texts out.

A template leaves places open, each marked ``TODO <name>: <what to fill in>``. The test of the project that holds every
family to its places (tests/ml/families/test_filled_in.py) is red, place by place and with those words, until the
marker is gone.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.resources import files

from nightmarket.contracts import CONTRACT_TABLES
from nightmarket.errors import FamilyNameUnusable

TEMPLATES: dict[str, str] = {
    "family.py": "ml/nightmarket/families/{name}.py",
    "ftr.sql": "dbt_project/models/features/ftr_{name}.sql",
    "ftr.yml": "dbt_project/models/features/ftr_{name}.yml",
    "lbl.sql": "dbt_project/models/labels/lbl_{name}.sql",
    "lbl.yml": "dbt_project/models/labels/lbl_{name}.yml",
    "features.yaml": "expectations/features__{name}.yaml",
    "scores.yaml": "expectations/scores__{name}.yaml",
    "test_family.py": "tests/ml/families/test_{name}.py",
    "test_suites.py": "tests/expectations/test_{name}_suites.py",
}
"""Where the text of each template goes, below the project's root."""

RESERVED = frozenset({"base", "windows", "families", "new", "evaluation", "models", *CONTRACT_TABLES})
"""Names that mean something else already: a module of ``families``, a label model, a command, a contract table."""

MAX_LENGTH = 40
_PLACE = re.compile(r"TODO ([a-z_]+): (.+)")


@dataclass(frozen=True)
class Place:
    """Something in a template that only the family's author knows."""

    path: str
    """Of the file, below the project's root, with ``{name}`` for the family's."""
    name: str
    what: str


def check_name(name: str, *, taken: frozenset[str]) -> None:
    """Refuse a name that cannot be a module, a table and a task at once.

    Raises
    ------
    FamilyNameUnusable
        It is no name in snake_case, is reserved, or is that of a family already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > MAX_LENGTH:
        raise FamilyNameUnusable(
            f"Got the name {name!r} but expected lower-case words joined by single underscores, such as churn_risk, "
            f"of at most {MAX_LENGTH} letters. The name becomes a module, a table and a task: choose another one."
        )
    if name in taken:
        raise FamilyNameUnusable(
            f"Got the name {name!r}, which is that of a family already, but expected a new one. "
            f"The families are {', '.join(sorted(taken))}: choose another name, or change that family."
        )
    if name in RESERVED or keyword.iskeyword(name):
        raise FamilyNameUnusable(
            f"Got the name {name!r}, which means something else here, but expected one that is free. "
            "Say what is predicted, such as churn_risk."
        )


def render_family(name: str) -> dict[str, str]:
    """Return the text of every file of the family ``name``, by its path below the project's root."""
    title = name.replace("_", " ").capitalize()
    return {
        path.format(name=name): _read(template).replace("<<name>>", name).replace("<<Title>>", title)
        for template, path in TEMPLATES.items()
    }


def list_places() -> tuple[Place, ...]:
    """Return what the templates leave open, in the order in which it is best filled in."""
    return tuple(
        Place(path, name, what.rstrip(" \"',#").rstrip())
        for template, path in TEMPLATES.items()
        for name, what in _PLACE.findall(_read(template))
    )


def _read(template: str) -> str:
    folder = files("nightmarket.scaffold") / "templates"
    return (folder / f"{template}.template").read_text(encoding="utf-8")
