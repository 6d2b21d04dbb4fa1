"""What the morning report says of the decisions, and of the sales to expect, as frozen data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from nightmarket.report.sections import PublishedTable, Share

RESPONSE = "response"
"""The measure of a campaign that is a share of customers; every other one is an amount of each."""


@dataclass(frozen=True)
class Outlook:
    """Weeks sold and weeks expected of one item; all series hold one number per week, oldest first.

    ``sold`` ends with the week before ``night``, the others begin with the week that starts on it. It is empty where
    what was sold is not at hand.
    """

    id: str
    name: str
    unit: str
    night: date
    expected: tuple[float, ...]
    p05: tuple[float, ...]
    p25: tuple[float, ...]
    p75: tuple[float, ...]
    p95: tuple[float, ...]
    sold: tuple[float, ...] = ()
    method: str = ""
    demand_class: str = ""

    @property
    def first_day(self) -> date:
        """The first day that is shown."""
        return self.night - timedelta(weeks=len(self.sold))

    def week(self, position: int) -> date:
        """Return the first day of a week ahead, 0 being the one that starts on the night."""
        return self.night + timedelta(weeks=position)


@dataclass(frozen=True)
class Order:
    """One row of the reorder plan. What only stock can say is None where the shop gave none of this product."""

    product_id: str
    product: str
    category: str | None
    location: str
    demand_class: str
    horizon_days: int
    demand: float
    demand_low: float
    demand_high: float
    reorder_point: float
    order_up_to: float
    at_stake: float | None
    """Sales that a stock-out would put at risk; None where the price is not known."""
    reason: str
    on_hand: float | None = None
    on_order: float | None = None
    suggested: float | None = None
    cover_days: float | None = None
    stock_out_probability: float | None = None


@dataclass(frozen=True)
class PlanTotals:
    """The whole plan in figures; counts of rows, which are products, or products and locations."""

    n_rows: int
    n_products: int
    n_with_stock: int
    n_to_order: int
    units_to_order: float
    n_at_risk: int
    n_overstock: int
    demand_units: float
    demand_amount: float


@dataclass(frozen=True)
class OrderSection:
    """What to order: the plan in figures, its top risks, and the demand of a few of them."""

    totals: PlanTotals
    currency: str
    orders: tuple[Order, ...] = ()
    outlooks: tuple[Outlook, ...] = ()

    @property
    def knows_stock(self) -> bool:
        return self.totals.n_with_stock > 0


@dataclass(frozen=True)
class CampaignTargets:
    """Whom to contact for one campaign.

    ``expected_value`` and ``cost`` are of tonight's contacts: the value has its cost taken off. ``budget`` is of the
    whole campaign and None without a limit; ``dual_price`` is what one more unit of money would bring beyond itself.
    """

    campaign_id: str
    name: str
    is_running: bool
    n_contacts: int
    n_contacted_before: int
    n_held_out: int
    n_left_alone: int
    expected_value: float
    cost: float
    budget: float | None
    dual_price: float | None
    holdout_share: float
    value_bases: tuple[str, ...] = ()
    left_alone_for: tuple[Share, ...] = ()
    """Why customers are left alone, most frequent first."""

    @property
    def is_proven(self) -> bool:
        """Whether every value is what the contact alone brings."""
        return self.value_bases == ("uplift",)


@dataclass(frozen=True)
class CampaignResult:
    """What one campaign brought by one measure: those chosen for contact against those held out, with a 95 % interval.

    ``effect`` is adjusted for what came before the campaign, so it need not be the difference of the means.
    """

    campaign_id: str
    name: str
    measure: str
    measured_on: date
    n_treated: int
    n_holdout: int
    treated_mean: float
    holdout_mean: float
    effect: float
    effect_low: float
    effect_high: float
    total_effect: float | None = None
    cost_amount: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class ContactSection:
    """Whom to contact, by campaign, and what came of earlier campaigns."""

    currency: str
    campaigns: tuple[CampaignTargets, ...] = ()
    results: tuple[CampaignResult, ...] = ()

    @property
    def has_one_basis(self) -> bool:
        """Whether the values of all campaigns rest on the same: then it is said once."""
        return len({campaign.value_bases for campaign in self.campaigns}) == 1


@dataclass(frozen=True)
class CategoryChange:
    """Units of a category: sold in the weeks before the night, and expected in as many from it on."""

    id: str
    name: str
    sold: float
    expected: float

    @property
    def change(self) -> float:
        return self.expected - self.sold

    @property
    def change_pct(self) -> float | None:
        return 100 * self.change / self.sold if self.sold > 0 else None


@dataclass(frozen=True)
class ForecastSection:
    """What will be sold: the total by week, and the categories that rise and fall most."""

    currency: str
    total: Outlook | None = None
    rising: tuple[CategoryChange, ...] = ()
    falling: tuple[CategoryChange, ...] = ()
    n_weeks: int = 0
    """Weeks that rise and fall are sums of."""


@dataclass(frozen=True)
class FurtherTable(PublishedTable):
    """A published table that is no family's; ``grain`` is what a row is of."""

    grain: str = ""


@dataclass(frozen=True)
class Decisions:
    """Everything that planners come for; a part is None where its table was not published in this night."""

    orders: OrderSection | None = None
    contacts: ContactSection | None = None
    forecast: ForecastSection | None = None
    published: tuple[FurtherTable, ...] = ()


def rank_changes(
    changes: Sequence[CategoryChange], n: int
) -> tuple[tuple[CategoryChange, ...], tuple[CategoryChange, ...]]:
    """Return the ``n`` that rise and the ``n`` that fall most, in units; ties by id."""
    rising = sorted((one for one in changes if one.change > 0), key=lambda one: (-one.change, one.id))
    falling = sorted((one for one in changes if one.change < 0), key=lambda one: (one.change, one.id))
    return tuple(rising[:n]), tuple(falling[:n])
