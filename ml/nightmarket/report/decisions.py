"""What the morning report says of the decisions, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from nightmarket.report.outlooks import ForecastSection, Outlook
from nightmarket.report.sections import PublishedTable, Share

RESPONSE = "response"
"""The measure of a campaign that is a share of customers; every other one is an amount of each."""


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
    """The whole plan in figures; counts of rows, which are products, or products and locations.

    What a place orders that a warehouse supplies is moved, not bought: the warehouse buys for it.
    """

    n_rows: int
    n_products: int
    n_with_stock: int
    n_to_order: int
    units_to_order: float
    n_at_risk: int
    n_overstock: int
    demand_units: float
    demand_amount: float
    n_to_move: int = 0
    units_to_move: float = 0.0


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
class Contact:
    """One customer to contact tonight, and what that is expected to bring beyond its cost."""

    customer_id: str
    expected_value: float
    response_probability: float


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
    first_contacts: tuple[Contact, ...] = ()
    """Those of tonight who are expected to bring the most."""

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
    n_treated_contacted: int | None = None
    n_holdout_contacted: int | None = None
    """Of either arm, those with a contact; None where the shop records none."""


@dataclass(frozen=True)
class ContactSection:
    """Whom to contact, by campaign, and what came of earlier campaigns."""

    currency: str
    campaigns: tuple[CampaignTargets, ...] = ()
    results: tuple[CampaignResult, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    """Campaigns that are not over and of which nobody was decided on: the name, and why."""
    not_measured: tuple[tuple[str, str], ...] = ()
    """Campaigns that are over and cannot be measured: the name, and why in sentences that end."""

    @property
    def has_one_basis(self) -> bool:
        """Whether the values of all campaigns rest on the same: then it is said once."""
        return len({campaign.value_bases for campaign in self.campaigns}) == 1


@dataclass(frozen=True)
class FurtherTable(PublishedTable):
    """A published table that is no family's; ``grain`` is what a row is of.

    ``label_cutoff`` is that of the model that scored it; None for a decision, which has no model.
    """

    grain: str = ""
    label_cutoff: str | None = None


@dataclass(frozen=True)
class Decisions:
    """Everything that planners come for; a part is None where its table was not published in this night."""

    orders: OrderSection | None = None
    contacts: ContactSection | None = None
    forecast: ForecastSection | None = None
    published: tuple[FurtherTable, ...] = ()
