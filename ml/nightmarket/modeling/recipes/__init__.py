"""The recipes that compete at every cut-off. All are registrable, so a gate always has a winner."""

from __future__ import annotations

from nightmarket.modeling.recipes.base import FittedModel, Recipe
from nightmarket.modeling.recipes.frequency import FrequencyRecipe
from nightmarket.modeling.recipes.lightgbm_recipe import LightGBMRecipe
from nightmarket.modeling.recipes.logistic_regression import LogisticRegressionRecipe
from nightmarket.modeling.recipes.single_feature import POPULARITY, RECENCY

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (LightGBMRecipe(), LogisticRegressionRecipe(), FrequencyRecipe(), POPULARITY, RECENCY)
}

__all__ = ["RECIPES", "FittedModel", "Recipe"]
