"""What the calendar did is taken off, and what it taught is expected of the weeks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from nightmarket.modeling.calendar_effects import MIN_WEEKS, MIN_WEEKS_OF_SEASON, Holiday, read_calendar
from nightmarket.modeling.demand import HORIZON, Panel
from nightmarket.modeling.demand.calendar import calendar_factors, take_calendar_off
from nightmarket.modeling.demand.candidates import BY_HAND
from nightmarket.modeling.demand.forecast import make_candidates
from nightmarket.modeling.demand.histories import histories_of

from .shops import LAST, shop

EASTER, THANKSGIVING, CHRISTMAS = date(2017, 4, 16), date(2017, 11, 23), date(2017, 12, 25)
FEASTS = tuple(Holiday(day, "feast") for day in (EASTER, THANKSGIVING, CHRISTMAS))
WEEKS = 50
CATEGORIES = [row // 10 for row in range(80)]
"""Eight categories of ten products each; the first is pie."""


def _units(factor: Any, *, seed: int = 0) -> Any:
    """Return about 20 units a week of every product, times ``factor`` (80, 50)."""
    return np.random.default_rng(seed).poisson(20 * factor).astype(float)


def _weeks_before(day: date) -> int:
    """Return the column of the week that holds ``day``."""
    return WEEKS - (LAST - day).days // 7 - (1 if (LAST - day).days % 7 else 0)


def _factors(panel: Panel) -> Any:
    return calendar_factors(panel, histories_of(panel)["category"])


def _weeks(panel: Panel) -> Any:
    first = panel.as_of_date - timedelta(days=7 * panel.n_weeks)
    n_days = 7 * (panel.n_weeks + HORIZON)
    return read_calendar(first, n_days, panel.holidays, origin=panel.as_of_date).weeks()


def _pie_at_easter() -> Any:
    factor = np.ones((80, WEEKS))
    factor[:10, _weeks_before(EASTER)] = 3
    return _units(factor)


def test_what_easter_taught_is_expected_of_thanksgiving() -> None:
    origin = date(2017, 11, 13)
    panel = replace(shop(_pie_at_easter(), category=CATEGORIES)(origin), holidays=FEASTS)
    ahead = _factors(panel)[:, panel.n_weeks :]
    # The week from 20 November ends after Thanksgiving; the three days before it are in the week before.
    assert ahead[0, 1] > 1.3
    assert ahead[0, 1] > ahead[0, 0] > 1
    assert np.abs(ahead[1:8, 1] - 1).max() < 0.15
    np.testing.assert_allclose(ahead[:, 2], 1, atol=0.12)


def test_days_of_another_kind_teach_nothing() -> None:
    origin = date(2017, 11, 13)
    others = (Holiday(EASTER, "Easter"), Holiday(THANKSGIVING, "Thanksgiving"))
    panel = replace(shop(_pie_at_easter(), category=CATEGORIES)(origin), holidays=others)
    np.testing.assert_allclose(_factors(panel)[0, panel.n_weeks :], 1, atol=0.1)


def test_the_turn_of_the_month_is_learned_by_the_whole_shop() -> None:
    panel = shop(np.ones((80, WEEKS)), category=CATEGORIES)(LAST)
    turn = _weeks(panel).events[:, 0]
    busy = replace(panel, units=_units(np.exp(0.4 * turn[:WEEKS])[None].repeat(80, axis=0)))
    ahead = _factors(busy)[:, WEEKS:]
    # The week from 1 January has all five first days of the month; the one from 15 January has none.
    assert (ahead[:, 1] / ahead[:, 3]).min() > 1.15


def test_a_shop_without_a_calendar_is_left_nearly_as_it_is() -> None:
    panel = replace(shop(_units(np.ones((80, WEEKS))), category=CATEGORIES)(LAST), holidays=FEASTS)
    np.testing.assert_allclose(_factors(panel), 1, atol=0.1)


def test_a_history_of_less_than_a_quarter_has_no_calendar() -> None:
    units = _units(np.ones((80, WEEKS)))[:, : MIN_WEEKS - 1]
    panel = replace(shop(units, category=CATEGORIES)(LAST), holidays=FEASTS)
    assert (_factors(panel) == 1).all()


def test_a_closed_week_and_a_category_that_never_sells_do_no_harm() -> None:
    units = _pie_at_easter()
    units[:, 30] = 0
    units[70:] = 0
    units[70, 45] = 1
    factors = _factors(replace(shop(units, category=CATEGORIES)(LAST), holidays=FEASTS))
    assert np.isfinite(factors).all()
    assert factors.min() >= 0.05
    assert factors.max() <= 20


def test_products_follow_their_category_and_what_is_taken_off_is_put_back() -> None:
    panel = replace(shop(_pie_at_easter(), category=CATEGORIES)(date(2017, 11, 13)), holidays=FEASTS)
    histories = histories_of(panel)
    ordinary, ahead = take_calendar_off(panel, histories)
    easter = _weeks_before(EASTER)
    assert ordinary["product"].filled[:10, easter].mean() < histories["product"].filled[:10, easter].mean() / 1.3
    np.testing.assert_array_equal(ahead["product"], ahead["category"][CATEGORIES])
    made = make_candidates(panel, {})["category"]
    np.testing.assert_allclose(
        made.forecast("mean of 4 weeks"),
        ordinary["category"].filled[:, -4:].mean(axis=1)[:, None] * ahead["category"],
    )
    by_hand = made.forecast("mean of 4 weeks" + BY_HAND)
    np.testing.assert_allclose(by_hand, histories["category"].filled[:, -4:].mean(axis=1)[:, None].repeat(HORIZON, 1))


def test_a_product_without_a_category_follows_the_shop() -> None:
    panel = shop(_pie_at_easter(), category=CATEGORIES)(LAST)
    panel = replace(panel, holidays=FEASTS, category=np.where(np.arange(80) == 3, -1, panel.category))
    histories = histories_of(panel)
    _, ahead = take_calendar_off(panel, histories)
    np.testing.assert_array_equal(ahead["product"][3], ahead["total"][0])


def test_a_week_counts_the_days_up_to_the_holiday() -> None:
    panel = replace(shop(np.ones((1, WEEKS)))(LAST), holidays=(Holiday(date(2018, 1, 3), "fair"),))
    fair = _weeks(panel).events[:, -1]
    # From 28 December to 3 January: four days of the week from 25 December, three of the next.
    np.testing.assert_allclose(fair[WEEKS : WEEKS + 3], [4 / 7, 3 / 7, 0])
    assert panel.as_of_date + timedelta(days=3) == date(2017, 12, 28)


def _corn(panel: Panel, *, sign: float = 1) -> Panel:
    """Return a panel whose first category sells e times as much on the longest day as on the shortest."""
    factor = np.ones((80, panel.n_weeks))
    factor[:10] = np.exp(sign * _weeks(panel).light[: panel.n_weeks] / 2)
    return replace(panel, units=np.random.default_rng(0).poisson(60 * factor).astype(float))


def test_what_grew_with_the_days_is_expected_to_fall_with_them() -> None:
    # 38 weeks of history, from January on: no autumn has ever been seen.
    panel = _corn(shop(np.ones((80, WEEKS)), category=CATEGORIES)(date(2017, 10, 2)))
    ahead = _factors(panel)[:, panel.n_weeks :]
    light = _weeks(panel).light[panel.n_weeks :]
    np.testing.assert_allclose(ahead[0], np.exp(light / 2), rtol=0.1)
    assert ahead[0, -1] < 0.8
    np.testing.assert_allclose(ahead[1:8], 1, atol=0.1)


def test_a_winter_category_is_the_mirror_of_a_summer_one() -> None:
    """So the southern hemisphere needs no setting."""
    panel = _corn(shop(np.ones((80, WEEKS)), category=CATEGORIES)(date(2017, 10, 2)), sign=-1)
    assert _factors(panel)[0, -1] > 1.25


def test_an_ordinary_week_is_one_at_the_origins_time_of_year() -> None:
    panel = _corn(shop(np.ones((80, WEEKS)), category=CATEGORIES)(date(2017, 10, 2)))
    factors = _factors(panel)[0]
    assert abs(factors[panel.n_weeks - 1] - 1) < 0.1
    assert factors[panel.n_weeks - 15] > 1.5  # the longest days


def test_a_season_is_not_told_from_a_trend_by_less_than_twenty_weeks() -> None:
    start = LAST - timedelta(days=7 * WEEKS)
    short, long = (
        _corn(shop(np.ones((80, WEEKS)), category=CATEGORIES)(start + timedelta(days=7 * weeks)))
        for weeks in (MIN_WEEKS_OF_SEASON - 1, MIN_WEEKS_OF_SEASON)
    )
    np.testing.assert_allclose(_factors(short)[0], 1, atol=0.15)
    assert _factors(long)[0, 0] < 0.7


def test_the_shop_as_a_whole_has_no_season() -> None:
    panel = shop(np.ones((80, WEEKS)), category=CATEGORIES)(date(2017, 10, 2))
    light = _weeks(panel).light[: panel.n_weeks]
    summer = np.random.default_rng(0).poisson(60 * np.exp(light / 4)[None].repeat(80, axis=0)).astype(float)
    np.testing.assert_allclose(_factors(replace(panel, units=summer))[-1], 1, atol=0.1)
