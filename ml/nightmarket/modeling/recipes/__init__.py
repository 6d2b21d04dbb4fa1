"""The recipes that compete at every cut-off. All are registrable, so a gate always has a winner."""

from __future__ import annotations

from nightmarket.modeling.recipes.amount_ridge import AmountRidgeRecipe
from nightmarket.modeling.recipes.base import FittedModel, Recipe
from nightmarket.modeling.recipes.blend import BlendRecipe
from nightmarket.modeling.recipes.customer_amounts import BtydRecipe, RhythmRecipe, RunRateRecipe
from nightmarket.modeling.recipes.frequency import DECAYED_FREQUENCY, FREQUENCY, PERSONAL_FREQUENCY
from nightmarket.modeling.recipes.lambdarank import LambdaRankRecipe
from nightmarket.modeling.recipes.lightgbm_recipe import LightGBMRecipe
from nightmarket.modeling.recipes.logistic_regression import LogisticRegressionRecipe
from nightmarket.modeling.recipes.shallow_trees import ShallowTreesRecipe
from nightmarket.modeling.recipes.single_feature import (
    COUPON_LINES,
    PAST_RESPONSES,
    POPULARITY,
    RECENCY,
    SPEND_LEVEL,
    VISITS_84D,
)

_TREES, _AMOUNT_TREES = ShallowTreesRecipe("shallow_trees"), ShallowTreesRecipe("amount_trees", is_amount=True)
_RIDGE = AmountRidgeRecipe()
CUSTOMER_RECIPES: tuple[Recipe, ...] = (
    _TREES,
    # Rows are few and features many and alike: three hundred times the usual ridge, and still a tie.
    BlendRecipe("blend", (LogisticRegressionRecipe(ridge=300.0), _TREES)),
    VISITS_84D,
    SPEND_LEVEL,
    _AMOUNT_TREES,
    _RIDGE,
    BlendRecipe("amount_blend", (_RIDGE, _AMOUNT_TREES)),
    RunRateRecipe(),
    BtydRecipe(),
    RhythmRecipe(),
)
"""For families of customers alone: few rows, and amounts beside probabilities."""

_STIFF_LINE = LogisticRegressionRecipe(ridge=500.0, name="stiff_line")
_FEW_TREES = ShallowTreesRecipe("few_trees", n_leaves=4, min_rows_in_leaf=40, feature_fraction=0.2)
CAMPAIGN_RECIPES: tuple[Recipe, ...] = (
    # A few hundred answers: on campaigns that started in May to August 2017 ridges from 300 to 1000 tie, and trees of
    # any size stay behind.
    _STIFF_LINE,
    _FEW_TREES,
    BlendRecipe("stiff_blend", (_STIFF_LINE, _FEW_TREES)),
    COUPON_LINES,
    PAST_RESPONSES,
)
"""For customers and campaigns: some thousand rows."""

PAIR_RECIPES: tuple[Recipe, ...] = (
    # Trees follow steps and a line follows slopes: their mean orders pairs better than either, see docs/models.md.
    # With 200,000 rows the line drags the mean below the trees alone; with 600,000 it lifts it.
    BlendRecipe("trees_and_line", (LightGBMRecipe(), LogisticRegressionRecipe(max_rows=600_000))),
    LightGBMRecipe(),
    LogisticRegressionRecipe(),
    FREQUENCY,
)
"""For rows of two keys."""

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        *PAIR_RECIPES,
        POPULARITY,
        RECENCY,
        LambdaRankRecipe(),
        PERSONAL_FREQUENCY,
        DECAYED_FREQUENCY,
        *CUSTOMER_RECIPES,
        *CAMPAIGN_RECIPES,
    )
}

__all__ = ["RECIPES", "FittedModel", "Recipe"]
