"""A trained demand model: boosters, chosen methods and bands, as plain files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nightmarket.errors import ModelCorrupted
from nightmarket.modeling.demand.bands import Bands
from nightmarket.modeling.demand.candidates import Choice
from nightmarket.modeling.demand.forecast import DemandForecast, combine, make_candidates, with_bands
from nightmarket.modeling.demand.histories import LEVELS, Level
from nightmarket.modeling.demand.panel import Panel
from nightmarket.modeling.demand.reconcile import Trust
from nightmarket.modeling.demand.trees import Trees
from nightmarket.modeling.recipes.boosting import load_booster, save_booster

_SETTINGS, _FORMAT = "demand.json", 3


@dataclass(frozen=True)
class DemandModel:
    """What a night needs to forecast.

    Attributes
    ----------
    choice : the method of every level and class
    trust : how far groups are believed against the sum of their parts
    bands : quantiles around the forecasts
    boosters : LightGBM by level and kind; none where the history was too short
    reads_intents : whether the boosters were trained with purchase intents
    evaluation : what the training measured, as plain numbers
    """

    choice: Choice
    trust: Trust
    bands: Bands
    boosters: Mapping[Level, Mapping[str, Trees]]
    reads_intents: bool
    evaluation: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> list[str]:
        """Write the model's files into ``folder``; return their names."""
        names = [_SETTINGS]
        for level, boosters in self.boosters.items():
            for kind, trees in boosters.items():
                name = _file_name(level, kind)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                save_booster(trees.booster, folder / name)
                names.append(name)
        settings = {
            "format": _FORMAT,
            "choice": self.choice.to_json(),
            "trust": asdict(self.trust),
            "bands": self.bands.to_json(),
            "boosters": {level: list(boosters) for level, boosters in self.boosters.items()},
            "reads_intents": self.reads_intents,
            "evaluation": self.evaluation,
        }
        (folder / _SETTINGS).write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")
        return names

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> DemandModel:
        """Read what ``save`` wrote. The caller has compared the files' hashes before.

        Raises
        ------
        ModelCorrupted
            The files are of another version.
        """
        raw = json.loads((folder / _SETTINGS).read_text())
        if raw.get("format") != _FORMAT:
            raise ModelCorrupted(
                f"Got a demand model of format {raw.get('format')!r} in {folder} but expected {_FORMAT}. It is from "
                "another version of Nightmarket: run `nightmarket train` again."
            )
        boosters: dict[Level, dict[str, Trees]] = {}
        for level in LEVELS:
            for kind in raw["boosters"].get(level, ()):
                trees = Trees(kind, load_booster(folder / _file_name(level, kind)), threads)
                boosters.setdefault(level, {})[kind] = trees
        return cls(
            Choice(raw["choice"]["methods"], raw["choice"]["why"]),
            Trust(**raw["trust"]),
            Bands.from_json(raw["bands"]),
            boosters,
            raw["reads_intents"],
            raw["evaluation"],
        )


def _file_name(level: str, kind: str) -> str:
    """Return ``product_mean/model.txt``: the registry parses every file of that name in a child process first."""
    return f"{level}_{kind.rsplit(maxsplit=1)[-1]}/model.txt"


def forecast_demand(model: DemandModel, panel: Panel) -> DemandForecast:
    """Return the coming 8 weeks of every product sold in the last 26 weeks, of the categories and of the total.

    A panel without intents is forecast by a model that reads them (they count as missing), and the other way round.
    """
    known = panel if model.reads_intents else panel.without_intents()
    candidates = make_candidates(known, model.boosters)
    return with_bands(panel, combine(candidates, model.choice, model.trust), model.bands)
