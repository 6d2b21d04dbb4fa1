"""A tiny shop, made by arithmetic: 40 customers, 24 products, 210 days. The same on every run and machine."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta

FIRST_DAY = date(2024, 1, 1)
N_DAYS, N_CUSTOMERS = 210, 40

_CATALOGUE: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "coffee": ("food", (("Dark roast beans", "8.90"), ("Ground coffee", "6.40"), ("Espresso capsules", "4.20"))),
    "tea": ("food", (("Green tea", "3.80"), ("Earl Grey", "4.10"), ("Peppermint tea", "3.20"))),
    "chocolate": ("food", (("Milk chocolate", "1.90"), ("Dark chocolate 85 %", "2.70"), ("Nougat bar", "1.50"))),
    "bread": ("bakery", (("Rye loaf", "3.60"), ("Baguette", "1.80"), ("Sourdough loaf", "4.40"))),
    "cheese": ("dairy", (("Aged gouda", "5.90"), ("Brie, soft", "3.90"), ("Feta", "2.80"))),
    "soap": ("home", (("Olive soap", "2.50"), ("Lavender soap", "2.90"), ("Dish soap", "1.70"))),
    "candles": ("home", (("Beeswax candle", "7.50"), ("Tea lights", "2.20"), ("Scented candle", "9.80"))),
    "flowers": ("garden", (("Tulips", "4.90"), ("Potted basil", "2.60"), ("Sunflower", "1.90"))),
}
_ORDER_COLUMNS = (
    "order_line_id",
    "order_id",
    "customer_id",
    "product_id",
    "location_id",
    "ordered_at",
    "quantity",
    "sales_amount",
    "discount_amount",
    "currency",
)
_AGES = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")

_Product = tuple[str, str, str, str, str]
"""product_id, product_name, category, department, price"""
_Rows = Sequence[tuple[str, ...]]


def example_tables() -> dict[str, str]:
    """Return the CSV text of each table, by name. The amounts are euros and the instants UTC."""
    products = _products()
    return {
        "products": _csv(
            ("product_id", "product_name", "category_id", "category_name", "department", "brand"),
            [(p[0], p[1], p[2], p[2].capitalize(), p[3], "House") for p in products],
        ),
        "customers": _csv(
            ("customer_id", "age_band", "household_size"),
            [(_customer(c), _AGES[c % 6], str(1 + c % 4)) for c in range(N_CUSTOMERS)],
        ),
        "order_lines": _csv(
            _ORDER_COLUMNS,
            _order_lines(products),
        ),
        "campaigns": _csv(
            ("campaign_id", "campaign_name", "start_date", "end_date", "arrived_at"),
            [
                ("spring", "Spring", "2024-04-01", "2024-04-21", ""),
                ("summer", "Summer, sun", "2024-07-08", "2024-07-28", ""),
                # A campaign that lies ahead is known from when it was planned, not from when it starts.
                ("harvest", "Harvest", "2024-08-05", "2024-08-25", "2024-07-15 09:00:00"),
            ],
        ),
        "holidays": _csv(
            ("holiday_date", "holiday_name", "holiday_kind"),
            [
                ("2024-03-31", "Easter Sunday", "feast"),
                ("2024-05-01", "Labour Day", "day off"),
                ("2024-12-25", "Christmas Day", "feast"),
            ],
        ),
        "campaign_plans": _csv(
            (
                "campaign_id",
                "budget_amount",
                "cost_per_contact_amount",
                "value_per_response_amount",
                "margin_pct",
                "holdout_pct",
                "arrived_at",
            ),
            [("harvest", "3.00", "0.20", "12.00", "40", "10", "2024-07-15 09:00:00")],
        ),
        "campaign_contacts": _csv(
            ("campaign_id", "customer_id", "contact_date"),
            [("spring", _customer(c), "2024-04-01") for c in range(0, N_CUSTOMERS, 2)]
            + [("summer", _customer(c), "2024-07-08") for c in range(0, N_CUSTOMERS, 3)],
        ),
        "campaign_products": _csv(
            ("campaign_id", "coupon_id", "product_id"),
            [("spring", "tea-10", p[0]) for p in products if p[2] == "tea"]
            + [("summer", "flowers-10", p[0]) for p in products if p[2] == "flowers"]
            + [("harvest", "bread-10", p[0]) for p in products if p[2] == "bread"],
        ),
    }


def _products() -> list[_Product]:
    rows = [
        (name, category, department, price)
        for category, (department, items) in _CATALOGUE.items()
        for name, price in items
    ]
    return [(f"p{number:03d}", *row) for number, row in enumerate(rows, start=1)]


def _customer(number: int) -> str:
    return f"c{number + 1:03d}"


def _order_lines(products: list[_Product]) -> _Rows:
    """Customers come every 4 to 12 days, one in four every 30 to 50; each has two favourite categories."""
    rows: list[tuple[str, ...]] = []
    for customer in range(N_CUSTOMERS):
        day, visit = customer % 7, 0
        while day < N_DAYS:
            draw = _draw(customer, visit)
            at = datetime.combine(FIRST_DAY + timedelta(days=day), datetime.min.time()) + timedelta(
                hours=8 + draw % 11, minutes=draw % 60
            )
            categories = {customer % 8, (customer * 3 + 1) % 8} if draw % 3 else {draw % 8, customer % 8}
            for line, category in enumerate(sorted(categories)):
                product = products[3 * category + _draw(draw, line) % 3]
                rows.append(_line(f"{_customer(customer)}-{visit + 1:02d}", line, product, at=at, draw=draw))
            day += 30 + 5 * (draw % 5) if customer % 4 == 3 else 4 + customer % 5 + draw % 5
            visit += 1
    return rows


def _line(order: str, line: int, product: _Product, *, at: datetime, draw: int) -> tuple[str, ...]:
    cents = round(float(product[4]) * 100)
    # One order in thirty is brought back: a line of negative quantity and amount.
    quantity = -1 if draw % 30 == 7 else 1 + draw % 2
    discount = cents * quantity // 10 if draw % 5 == 0 and quantity > 0 else 0
    return (
        f"{order}-{line + 1}",
        order,
        order.partition("-")[0],
        product[0],
        "main",
        f"{at:%Y-%m-%d %H:%M:%S}",
        str(quantity),
        f"{(cents * quantity - discount) / 100:.2f}",
        f"{discount / 100:.2f}",
        "EUR",
    )


def _draw(first: int, second: int) -> int:
    """Return a number that looks drawn by lot but is the same everywhere (Knuth's multiplicative hash)."""
    mixed = ((first + 1) * 2654435761 + (second + 1) * 40503) % 2**32
    return (mixed ^ (mixed >> 13)) % 100_003


def _csv(header: tuple[str, ...], rows: _Rows) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
