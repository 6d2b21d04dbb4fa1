"""``nightmarket new family``: write the files of a new family, valid and red until they are filled in."""

from __future__ import annotations

from pathlib import Path

from nightmarket.errors import CheckoutMissing, FamilyNameUnusable
from nightmarket.families import FAMILIES
from nightmarket.io.atomic import write_text
from nightmarket.scaffold.family import check_name, list_places, render_family
from nightmarket.settings import Settings
from nightmarket.steps import StepResult


def run(settings: Settings, *, kind: str, name: str) -> StepResult:
    """Write every file of the family ``name``, or none.

    Raises
    ------
    FamilyNameUnusable
        The name is not one that a family can have, or one of its files is there already.
    CheckoutMissing
        The package was installed without the project around it.
    """
    del kind  # a family is the one thing there is a scaffold for
    check_name(name, taken=frozenset(FAMILIES))
    root = settings.project_dir
    _need_checkout(root)
    texts = render_family(name)
    if there := [path for path in texts if (root / path).exists()]:
        raise FamilyNameUnusable(
            f"Got {there[0]}, which is there already, but expected none of the {len(texts)} files of {name}. "
            "Nothing was written: choose another name, or remove the file."
        )
    for path, text in texts.items():
        write_text(root / path, text)
    return StepResult(
        rows=len(texts),
        detail={
            "family": name,
            "files": list(texts),
            "n_places": len(list_places()),
            "next": f"python -m pytest tests/ml/families -k {name} says what to fill in; then docs/adding/family.md",
        },
    )


def _need_checkout(root: Path) -> None:
    missing = [
        name for name in ("dbt_project", "expectations", "tests", "ml/nightmarket") if not (root / name).is_dir()
    ]
    if missing:
        raise CheckoutMissing(
            f"Got no {missing[0]}/ in {root} but expected a checkout of Nightmarket, where families are written. "
            "Clone the project and run the command there."
        )
