"""What knowing the calendar is worth to a simple forecast of categories, on The Complete Journey.

    .venv/bin/python bench/demand/known_calendar.py [--origins 2017-06-12 ...] [--folder var/bench]

The forecast is the mean of the last four weeks and of exponential weights (a fall of 15 % a week), half each; WAPE is
over categories and the four weeks ahead, the mean over origins. Arms: without the calendar, with the turn of the month,
with the summer holidays, with feasts, with the season, too, and with sweets (Valentine's Day, Easter, Halloween,
Christmas) beside them.
The default origins are those that arms were chosen on; 2017-10-02, 10-30 and 11-27 are the test. Below them stands the
mean of the two weeks before and the two after each week, which no forecast has: what a perfect level would give.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.common import NIGHT, land
from bench.demand.run import make_panels

from nightmarket.modeling.calendar_effects import Holiday
from nightmarket.modeling.demand import HORIZON, Panel
from nightmarket.modeling.demand.calendar import calendar_effects
from nightmarket.modeling.demand.histories import histories_of
from nightmarket.modeling.demand.outcomes import known_at, outcomes_of
from nightmarket.modeling.demand.panel import Doubles
from nightmarket.settings import Settings

TUNING = (date(2017, 6, 12), date(2017, 7, 10), date(2017, 8, 7), date(2017, 9, 4))
SWEETS = tuple(
    Holiday(day, "sweets") for day in (date(2017, 2, 14), date(2017, 4, 16), date(2017, 10, 31), date(2017, 12, 25))
)
WEEKS = 4
Arm = Callable[[Panel], tuple[Holiday, ...]] | None
ARMS: dict[str, tuple[Arm, bool]] = {
    "without the calendar": (None, False),
    "turn of the month": (lambda _: (), False),
    "and summer holidays": (lambda panel: _of_kind(panel, "cookout"), False),
    "and feasts": (lambda panel: panel.holidays, False),
    "and the season": (lambda panel: panel.holidays, True),
    "and sweets": (lambda panel: tuple(sorted((*panel.holidays, *SWEETS))), True),
}
"""The holidays that are known, and whether the season is."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--origins", nargs="+", type=date.fromisoformat, default=list(TUNING))
    parser.add_argument("--folder", type=Path, default=Settings().var_dir / "bench")
    arguments = parser.parse_args()
    settings = Settings(var_dir=arguments.folder)
    panel_at = make_panels(settings, land(settings))
    later = panel_at(NIGHT)
    found = {name: [wape(panel_at(origin), later, *arm) for origin in arguments.origins] for name, arm in ARMS.items()}
    found["two weeks to each side"] = [wape_of_neighbours(later, origin) for origin in arguments.origins]
    for name, each in found.items():
        print(f"{name:24}{np.mean(each):8.4f}  {np.round(each, 4).tolist()}")
    print(json.dumps({"origins": [str(one) for one in arguments.origins], "wape": found}))


def wape(panel: Panel, later: Panel, holidays: Arm, has_season: bool) -> float:
    """Return the WAPE of one arm at the panel's origin."""
    histories = histories_of(panel)
    groups = histories["category"]
    factors = np.ones((len(groups), panel.n_weeks + HORIZON))
    if holidays is not None:
        effects, weeks = calendar_effects(replace(panel, holidays=holidays(panel)), groups)
        if not has_season:
            effects = replace(effects, season=np.zeros_like(effects.season))
        factors = effects.factors(weeks)[groups.rows]
    ordinary = groups.filled / factors[:, : panel.n_weeks]
    weights = 0.85 ** np.arange(panel.n_weeks)[::-1]
    level = (ordinary[:, -4:].mean(axis=1) + ordinary @ weights / weights.sum()) / 2
    outcome = outcomes_of(panel.as_of_date, histories, known_at(later))["category"][:, :WEEKS]
    made = level[:, None] * factors[:, panel.n_weeks : panel.n_weeks + WEEKS]
    return _wape(made, outcome)


def wape_of_neighbours(later: Panel, origin: date) -> float:
    """Return the WAPE of the mean of up to two weeks before and two after each week."""
    weekly = histories_of(later)["category"].filled
    first = later.n_weeks - (later.as_of_date - origin) // timedelta(days=7)
    found = []
    for week in range(first, first + WEEKS):
        near = [other for other in range(week - 2, week + 3) if other != week and other < later.n_weeks]
        found.append(_wape(weekly[:, near].mean(axis=1), weekly[:, week]))
    return float(np.mean(found))


def _wape(made: Doubles, came: Doubles) -> float:
    return float(np.abs(made - came).sum() / came.sum())


def _of_kind(panel: Panel, kind: str) -> tuple[Holiday, ...]:
    return tuple(one for one in panel.holidays if one.kind == kind)


if __name__ == "__main__":
    main()
