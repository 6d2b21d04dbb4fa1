"""Weekly demand of products, categories and the total: panel in, quantiles for 8 weeks out. See docs/demand.md."""

from nightmarket.modeling.demand.evaluate import evaluate_demand
from nightmarket.modeling.demand.forecast import DemandForecast
from nightmarket.modeling.demand.model import DemandModel, forecast_demand
from nightmarket.modeling.demand.panel import HORIZON, Panel, build_panel
from nightmarket.modeling.demand.train import train_demand

__all__ = [
    "HORIZON",
    "DemandForecast",
    "DemandModel",
    "Panel",
    "build_panel",
    "evaluate_demand",
    "forecast_demand",
    "train_demand",
]
