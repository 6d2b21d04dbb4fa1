"""What families make of the tables in Python is judged too: rows, derived features, learned spaces and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nightmarket.families import FAMILIES
from nightmarket.families.base import Family, Inputs
from nightmarket.families.campaign_response import FAMILY as CAMPAIGN_RESPONSE
from nightmarket.families.purchase_intent import FAMILY as PURCHASE_INTENT
from nightmarket.io.court.text import embed_world
from nightmarket.io.court.worlds import scratch_settings
from nightmarket.io.landing import Snapshot
from nightmarket.io.training_data import FrameReader, TextSpace
from nightmarket.io.view_rows import read_cuts
from nightmarket.io.warehouse import open_warehouse
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.recipes import RECIPES
from nightmarket.modeling.tournament import fit_scorer, look_at
from nightmarket.settings import Settings
from nightmarket.steps.judging.families import Witness, hear
from nightmarket.steps.judging.session import Court
from nightmarket.steps.judging.tables import hold_trial, prepare_trials

from .shop import NIGHT, ORIGINS

if TYPE_CHECKING:
    from nightmarket.families.base import Space

DAY = ORIGINS[-1]
TEXT = TextSpace("invented", 12)
MONTH = timedelta(days=28)


@pytest.fixture(scope="module")
def court(built: tuple[Settings, Snapshot]) -> Iterator[Court]:
    """A court whose scratch warehouse holds the world that ends on the eve of the oldest origin."""
    settings, snapshot = built
    with scratch_settings(settings, NIGHT) as scratch:
        session = Court(settings, settings, scratch, snapshot, NIGHT)
        finding = hold_trial(session, prepare_trials(session)[0])
        assert finding.trial.world.cut == DAY
        assert finding.differences == ()
        embed_world(settings, scratch, snapshot.snapshot_id, TEXT)
        yield session


def _hear(court: Court, witness: Witness) -> list[str]:
    return [
        f"{one.table}.{column}" for one in hear(court, witness, TEXT, DAY)[1] for column in (one.column, *one.columns)
    ]


def _scoring(court: Court, family: Family, recipe: str) -> Witness:
    """Return the family with a model of its primary head, fitted on one stored origin and calibrated on the next."""
    with open_warehouse(court.judged) as connection:
        reader = FrameReader(connection, family, court.snapshot_id, TEXT, night=NIGHT)
        read = [reader.read(day, with_label=True) for day in reversed(ORIGINS)]
        space = reader.fit_space(read[0])
        train, calibrate = (look_at(family.primary, reader.derive(frame, space)) for frame in read)
    features = family.features_of(family.primary)
    scorer = fit_scorer(family.primary, RECIPES[recipe], [train], calibrate, features=features, seed=0, threads=1)
    return Witness(family, {family.primary.name: scorer}, space, fitted_on=DAY)


@pytest.fixture(scope="module")
def cut_court(built: tuple[Settings, Snapshot]) -> Iterator[tuple[Court, date]]:
    """A court whose scratch warehouse holds the world that ends where the newest campaign that is over was cut."""
    settings, snapshot = built
    with scratch_settings(settings, NIGHT) as scratch:
        session = Court(settings, settings, scratch, snapshot, NIGHT)
        trial = next(trial for trial in prepare_trials(session) if trial.is_of_cuts)
        finding = hold_trial(session, trial)
        assert finding.differences == ()
        assert all(finding.rows.values())
        embed_world(settings, scratch, snapshot.snapshot_id, TEXT)
        yield session, trial.world.cut


def _hear_cut(cut_court: tuple[Court, date], witness: Witness) -> tuple[int, list[str]]:
    court, cut = cut_court
    n_rows, differences = hear(court, witness, TEXT, cut, night=NIGHT)
    return n_rows, [f"{one.table}.{column}" for one in differences for column in (one.column, *one.columns)]


def _answering(court: Court) -> Witness:
    """Return campaign_response with a line that was fitted on one campaign and calibrated on another."""
    family = CAMPAIGN_RESPONSE
    with open_warehouse(court.judged) as connection:
        reader = FrameReader(connection, family, court.snapshot_id, TEXT, night=NIGHT)
        cuts = [one.cut_date for one in read_cuts(connection, family, snapshot_id=court.snapshot_id, night=NIGHT)]
        read = [reader.read(day, with_label=True) for day in cuts[-2:]]
        space = reader.fit_space(read[0])
        train, calibrate = (look_at(family.primary, reader.derive(frame, space)) for frame in read)
    features = family.features_of(family.primary)
    recipe = RECIPES["stiff_line"]
    scorer = fit_scorer(family.primary, recipe, [train], calibrate, features=features, seed=0, threads=1)
    return Witness(family, {family.primary.name: scorer}, space)


def test_no_row_that_is_cut_at_a_campaign_moves_with_what_came_after_it(cut_court: tuple[Court, date]) -> None:
    n_rows, moved = _hear_cut(cut_court, _answering(cut_court[0]))
    assert n_rows > 0
    assert moved == []


def test_the_court_catches_a_text_profile_of_the_night_instead_of_the_campaign(
    cut_court: tuple[Court, date], monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = FrameReader.bought_texts
    monkeypatch.setattr(FrameReader, "bought_texts", lambda self, customers, cut: bought(self, customers, NIGHT))
    _, moved = _hear_cut(cut_court, Witness(CAMPAIGN_RESPONSE, {}, None))
    assert "frame of campaign_response.text__coupon_mean" in moved


@pytest.mark.parametrize(
    "family", [one for one in FAMILIES.values() if one.cut_column is None], ids=lambda family: family.name
)
def test_no_frame_space_or_score_moves_with_the_future(court: Court, family: Family) -> None:
    n_rows, differences = hear(court, _scoring(court, family, family.primary.baseline), TEXT, DAY)
    assert n_rows > 0
    assert differences == []


def _later(frame: Frame) -> Frame:
    return replace(frame, as_of_date=frame.as_of_date + MONTH)


def _space_of_the_test_origin(frame: Frame, inputs: Inputs) -> Space:
    assert PURCHASE_INTENT.fit_space is not None
    return PURCHASE_INTENT.fit_space(_later(frame), inputs)


def _with_column(column: Callable[[Frame, Inputs], float]) -> Callable[[Frame, Inputs, Space], Frame]:
    def derive(frame: Frame, inputs: Inputs, space: Space) -> Frame:
        assert PURCHASE_INTENT.derive is not None
        derived = PURCHASE_INTENT.derive(frame, inputs, space)
        return derived.with_columns({"leak": np.full(len(frame), column(frame, inputs), np.float32)})

    return derive


def _mean_of_all_text(frame: Frame, inputs: Inputs) -> float:
    return float(inputs.text_vectors()[1].mean())


def _names_of_next_month(frame: Frame, inputs: Inputs) -> float:
    names = inputs.products(frame.as_of_date + MONTH).column("product_name").to_pylist()
    return float(sum(name.startswith("new") for name in names))


def _spend_of_the_coming_week(frame: Frame, inputs: Inputs) -> float:
    return float(np.sum(inputs.order_lines(frame.as_of_date + timedelta(days=7)).column("sales_amount").to_numpy()))


def _text_of_the_basket_to_come(frame: Frame, inputs: Inputs) -> float:
    return float(inputs.text_rows(_later(frame)).orders.sum())


@dataclass(frozen=True)
class Animal:
    """A leak in a family: how it differs from the honest one, and where the court must see it."""

    name: str
    seen_in: str
    fit_space: Callable[[Frame, Inputs], Space] | None = PURCHASE_INTENT.fit_space
    derive: Callable[[Frame, Inputs, Space], Frame] | None = PURCHASE_INTENT.derive


ZOO = (
    Animal(
        "a_projection_fitted_on_the_test_origin",
        "learned space of purchase_intent.components",
        fit_space=_space_of_the_test_origin,
    ),
    Animal("text_centred_on_products_to_come", "frame of purchase_intent.leak", derive=_with_column(_mean_of_all_text)),
    Animal("names_of_the_next_catalogue", "frame of purchase_intent.leak", derive=_with_column(_names_of_next_month)),
    Animal("spend_of_the_coming_week", "frame of purchase_intent.leak", derive=_with_column(_spend_of_the_coming_week)),
    Animal(
        "a_profile_with_the_basket_of_the_label",
        "frame of purchase_intent.leak",
        derive=_with_column(_text_of_the_basket_to_come),
    ),
)


@pytest.mark.parametrize("animal", ZOO, ids=lambda animal: animal.name)
def test_the_court_catches(court: Court, animal: Animal) -> None:
    leaky = replace(PURCHASE_INTENT, fit_space=animal.fit_space, derive=animal.derive)
    assert animal.seen_in in _hear(court, Witness(leaky, {}, None))


def test_the_court_catches_a_stored_space_that_was_fitted_later_than_it_says(court: Court) -> None:
    with open_warehouse(court.judged) as connection:
        reader = FrameReader(connection, PURCHASE_INTENT, court.snapshot_id, TEXT, night=NIGHT)
        later = reader.fit_space(reader.read(ORIGINS[0], with_label=False))
    assert "stored space of purchase_intent.components" in _hear(
        court, Witness(PURCHASE_INTENT, {}, later, fitted_on=DAY)
    )


def test_a_score_that_reads_a_leaking_feature_moves(court: Court) -> None:
    honest = _scoring(court, PURCHASE_INTENT, "logistic_regression")
    moved = _hear(court, replace(honest, family=replace(PURCHASE_INTENT, derive=_shifted)))
    assert "scores.purchase_intent.probability" in moved


def _shifted(frame: Frame, inputs: Inputs, space: Space) -> Frame:
    assert PURCHASE_INTENT.derive is not None
    derived = PURCHASE_INTENT.derive(frame, inputs, space)
    coming = np.float32(_spend_of_the_coming_week(frame, inputs))
    return derived.with_columns({"category__trend": derived.columns["category__trend"] + coming})


def test_the_night_is_heard_and_the_origin_that_a_space_was_fitted_on() -> None:
    witness = Witness(PURCHASE_INTENT, {}, {}, fitted_on=date(2024, 1, 1))
    assert [witness.speaks_of(day, NIGHT) for day in (NIGHT, date(2024, 1, 1), DAY)] == [True, True, False]
