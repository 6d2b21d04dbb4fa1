"""Numbers as people write them."""

from __future__ import annotations


def percent(share: float) -> str:
    """Return a share as a percentage with as many decimals as it needs: 0.5%, 12%."""
    value = 100 * share
    return f"{value:.1f}".rstrip("0").rstrip(".") + "%" if value < 10 else f"{value:.0f}%"


def chance(probability: float) -> str:
    """Return a probability as it is said of one customer: never 0% or 100%, which nobody can promise."""
    if probability < 0.01:
        return "below 1%"
    return "above 99%" if probability >= 0.995 else percent(probability)


def unit_of(column: str, currency: str) -> str:
    """Return the unit that a column's name says: the shop's currency, days, or none."""
    if "spend" in column or "amount" in column:
        return currency
    return "days" if "_days" in column else ""


def amount_text(value: float, unit: str) -> str:
    """Return an amount with its unit: USD 1,234, 12.5 days."""
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"
    return f"{number} days" if unit == "days" else f"{unit} {number}".strip()


def signed(value: float, n: int = 1) -> str:
    """Return a change with its sign; one that rounds to nothing has none."""
    text = f"{abs(value):,.{n}f}"
    return text if float(text.replace(",", "")) == 0 else ("+" if value > 0 else "−") + text
