"""What the shop will sell, in money: by day and by week, by category and in total. History in, quantiles out."""

from nightmarket.modeling.sales.evaluate import evaluate_sales
from nightmarket.modeling.sales.forecast import SalesForecast, forecast_sales
from nightmarket.modeling.sales.history import SalesHistory
from nightmarket.modeling.sales.recipe import SalesModel
from nightmarket.modeling.sales.train import train_sales

__all__ = ["SalesForecast", "SalesHistory", "SalesModel", "evaluate_sales", "forecast_sales", "train_sales"]
