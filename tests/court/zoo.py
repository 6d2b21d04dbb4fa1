"""Seeded leaks: each is a small change of the dbt project that somebody could make with the best of intentions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

CUT_BY_DAY = "and daily.order_date < timelines.as_of_date"


@dataclass(frozen=True)
class Animal:
    """A leak: in which file of the project which text becomes which, and the column where the court must see it.

    Animals of one ``herd`` are built in one project, because that takes seconds: each changes a column that no other
    of its herd touches, so what is seen there is its own.
    """

    name: str
    herd: str
    file: str
    old: str
    new: str
    seen_in: str

    def release(self, project: Path) -> None:
        """Make the change; the text must be there exactly once."""
        path = project / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.name}: {self.file} holds its text {text.count(self.old)} times"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


ZOO = (
    Animal(
        "a_feature_that_counts_the_day_itself",
        "daily",
        "models/intermediate/int_customers_as_of.sql",
        CUT_BY_DAY,
        "and daily.order_date <= timelines.as_of_date",
        "features.ftr_customer.customer__n_orders",
    ),
    Animal(
        "arrival_time_ignored",
        "arrivals",
        "macros/dates.sql",
        "{{ version }}.arrived_date < {{ cut }} and ",
        "",
        "features.ftr_customer.customer__n_orders",
    ),
    Animal(
        "corrections_applied_before_they_arrived",
        "corrections",
        "models/intermediate/int_visible_order_lines.sql",
        "and {{ is_known_at('order_lines', 'timelines.cut_date') }}",
        "and order_lines.superseded_date = {{ end_of_time() }}",
        "features.ftr_customer.customer__spend_amount_84d",
    ),
    Animal(
        "cancellations_known_early",
        "cancellations",
        "models/staging/stg_order_lines.sql",
        "coalesce(is_cancelled, false) as is_cancelled",
        "bool_or(coalesce(is_cancelled, false)) over (partition by order_line_id) as is_cancelled",
        "features.ftr_customer.customer__n_orders",
    ),
    Animal(
        "a_global_mean_over_all_time",
        "columns",
        "models/features/ftr_customer.sql",
        "cast(customers.sales_amount_84d as double) as customer__spend_amount_84d",
        "cast(customers.sales_amount_84d as double)"
        " / (select avg(o.sales_amount) from {{ ref('stg_order_lines') }} as o) as customer__spend_amount_84d",
        "features.ftr_customer.customer__spend_amount_84d",
    ),
    Animal(
        "a_mean_over_rows_of_later_origins",
        "columns",
        "models/features/ftr_customer.sql",
        "{{ share('3 * customers.n_orders_28d', 'customers.n_orders_84d') }} as customer__order_trend",
        "customers.n_orders_28d - avg(customers.n_orders_28d) over () as customer__order_trend",
        "features.ftr_customer.customer__order_trend",
    ),
    Animal(
        "category_penetration_over_the_whole_history",
        "columns",
        "models/features/ftr_category.sql",
        "{{ share('categories.n_customers_84d', 'shoppers.n_customers_84d') }} as category__penetration_84d",
        "cast((select count(distinct o.customer_id) from {{ ref('stg_order_lines') }} as o"
        " inner join product_versions as v using (product_id) where v.category_id = category_keys.category_id"
        ") as double) / shoppers.n_customers as category__penetration_84d",
        "features.ftr_category.category__penetration_84d",
    ),
    Animal(
        "eligibility_counted_on_the_future",
        "columns",
        "models/features/ftr_category.sql",
        "and categories.n_customers >= greatest(",
        "and (select count(distinct o.customer_id) from {{ ref('stg_order_lines') }} as o"
        " inner join product_versions as v using (product_id) where v.category_id = category_keys.category_id"
        ") % 2 = 0 and categories.n_customers >= greatest(",
        "features.ftr_category.is_eligible",
    ),
    Animal(
        "first_sold_date_of_products_not_sold_yet",
        "columns",
        "models/intermediate/int_categories_as_of.sql",
        "first_seen.first_order_date < dates.as_of_date\n            and ",
        "",
        "features.ftr_category.category__n_products",
    ),
    Animal(
        "newest_catalogue_instead_of_the_known_one",
        "catalogue",
        "models/intermediate/int_visible_order_lines.sql",
        "inner join cuts on {{ is_known_at('versions', 'cuts.cut_date') }}",
        "inner join cuts on versions.superseded_date = {{ end_of_time() }}",
        "features.ftr_customer.customer__n_categories",
    ),
    Animal(
        "target_encoding_from_labels",
        "columns",
        "models/features/ftr_category.sql",
        "{{ share('3 * categories.n_orders_28d', 'categories.n_orders_84d') }} as category__trend",
        "cast((select count(*) from {{ ref('lbl_purchase_intent') }} as l where l.as_of_date = categories.as_of_date"
        " and l.category_id = category_keys.category_id) as double) as category__trend",
        "features.ftr_category.category__trend",
    ),
    Animal(
        "promotions_of_the_coming_week",
        "columns",
        "models/features/ftr_category.sql",
        "{{ pct('categories.discount_amount_84d', 'categories.list_amount_84d') }} as category__discount_pct_84d",
        "cast((select count(*) from {{ ref('stg_promotions') }} as p"
        " inner join product_versions as v using (product_id) where v.category_id = category_keys.category_id"
        " and p.start_date between categories.as_of_date and categories.as_of_date + 6) as double)"
        " as category__discount_pct_84d",
        "features.ftr_category.category__discount_pct_84d",
    ),
    Animal(
        "promotions_announced_after_the_sale",
        "columns",
        "models/intermediate/int_visible_order_lines.sql",
        "promoted_days.known_from_date <= greatest(order_lines.arrived_date, order_lines.order_date), false",
        "promoted_days.known_from_date is not null, false",
        "features.ftr_customer.customer__promoted_share_84d",
    ),
    Animal(
        "campaign_responses_known_early",
        "columns",
        "models/intermediate/int_customer_campaigns_as_of.sql",
        "\n            and responses.arrived_date < dates.as_of_date",
        "",
        "features.ftr_customer.customer__n_campaign_responses",
    ),
    Animal(
        "campaign_responses_of_tomorrow",
        "daily",
        "models/intermediate/int_customer_campaigns_as_of.sql",
        "responses.response_date < dates.as_of_date\n            and ",
        "",
        "features.ftr_customer.customer__n_campaign_responses",
    ),
    Animal(
        "campaigns_prolonged_later",
        "columns",
        "models/intermediate/int_active_campaigns_as_of.sql",
        "inner join dates on campaigns.arrived_date < dates.as_of_date",
        "cross join dates",
        "features.ftr_customer_category__campaigns.(row)",
    ),
    Animal(
        "demographics_that_arrive_later",
        "columns",
        "models/intermediate/int_demographics_as_of.sql",
        "inner join dates on customers.arrived_date < dates.as_of_date",
        "cross join dates",
        "features.ftr_customer.customer__age_rank",
    ),
    Animal(
        "a_text_profile_with_the_basket_of_the_label",
        "columns",
        "models/features/ftr_customer_text.sql",
        CUT_BY_DAY,
        "and daily.order_date < timelines.as_of_date + 28",
        "features.ftr_customer_text.n_orders",
    ),
    Animal(
        "a_label_that_overlaps_the_features",
        "corrections",
        "models/labels/lbl_purchase_intent.sql",
        "between closed_windows.as_of_date and",
        "between closed_windows.as_of_date - 7 and",
        "labels.lbl_purchase_intent.(row)",
    ),
    Animal(
        "a_label_that_knows_what_arrives_after_the_training",
        "catalogue",
        "models/labels/lbl_purchase_intent.sql",
        "is_known_at('order_lines', 'closed_windows.known_before_date')",
        "is_known_at('order_lines', '(closed_windows.known_before_date + 20)')",
        "labels.lbl_purchase_intent.(row)",
    ),
    Animal(
        "answers_to_campaigns_known_early",
        "campaigns",
        "models/intermediate/int_campaign_answers.sql",
        "\n            and responses.arrived_date < cuts.cut_date",
        "",
        "features.ftr_campaign_response.response__n_campaigns_responded",
    ),
    Animal(
        "habits_cut_at_the_night_instead_of_the_start_of_the_campaign",
        "campaigns",
        "models/intermediate/int_campaign_habits.sql",
        "and days.order_date < cuts.cut_date\n            and {{ is_known_at('days', 'cuts.cut_date') }}",
        "and days.order_date < (select max(as_of_date) from {{ ref('int_as_of_dates') }})",
        "features.ftr_campaign_response.customer__n_visits_28d",
    ),
    Animal(
        "purchases_that_the_campaign_brought",
        "campaigns",
        "models/intermediate/int_campaign_matches.sql",
        "\n            and bought.order_date < customers.cut_date",
        "",
        "features.ftr_campaign_response.match__n_lines_28d",
    ),
    Animal(
        "an_answer_that_arrives_after_the_training",
        "campaigns",
        "models/labels/lbl_campaign_response.sql",
        "\n            and responses.arrived_date < campaigns.night_date",
        "",
        "labels.lbl_campaign_response.has_responded",
    ),
    Animal(
        "a_label_window_of_29_days",
        "long windows",
        "models/labels/lbl_windows.sql",
        "dates.as_of_date + cast(horizons.horizon_days as integer) - 1 as window_end_date",
        "dates.as_of_date + cast(horizons.horizon_days as integer) as window_end_date",
        "window_end_date",
    ),
    Animal(
        "a_label_calendar_that_waits_for_late_lines",
        "late windows",
        "models/labels/lbl_windows.sql",
        "greatest(night_date, window_end_date + 1) as known_before_date",
        "greatest(night_date, window_end_date + 1) + 20 as known_before_date",
        "known_before_date",
    ),
)

HERDS: dict[str, list[Animal]] = defaultdict(list)
for _animal in ZOO:
    HERDS[_animal.herd].append(_animal)
