"""A user's own shop: amounts in another currency than its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from nightmarket.errors import InvalidSetting

from .conftest import Shop, line, order_lines, reasons


def foreign(shop: Shop, *codes: str) -> None:
    header, *rows = order_lines().splitlines()
    shop.write("order_lines.csv", "\n".join([header + ",currency", *(row + ",EUR" for row in rows)]) + "\n")
    for number, code in enumerate(codes):
        shop.append("order_lines.csv", line(id=f"f{number}", paid="10").strip() + f",{code}\n")


def test_a_foreign_currency_is_quarantined_where_no_rate_is_given(shop: Shop) -> None:
    foreign(shop, "USD", "eur")
    assert reasons(shop.land()) == {"foreign_currency": 1}


def test_a_foreign_currency_is_converted_at_the_rate_of_its_day(shop: Shop) -> None:
    foreign(shop, "USD", "CHF")
    shop.write("fx_rates.csv", "currency,rate_date,rate\nUSD,2024-01-01,0.5\nUSD,2024-02-01,0.9\nUSD,2024-03-01,2\n")
    assert reasons(shop.land()) == {"foreign_currency": 1}
    assert shop.rows("select quantity, sales_amount, currency from raw.order_lines where order_line_id = 'f0'") == [
        (Decimal(1), Decimal("9.0000"), "EUR")
    ]


def test_a_conversion_to_a_great_amount_is_made_and_one_beyond_the_range_is_quarantined(shop: Shop) -> None:
    foreign(shop, "KWD", "XAU")
    shop.write("fx_rates.csv", "currency,rate_date,rate\nKWD,2024-01-01,480000\nXAU,2024-01-01,9999999999\n")
    assert reasons(shop.land()) == {"out_of_range:sales_amount": 1}
    assert shop.rows("select sales_amount from raw.order_lines where order_line_id = 'f0'") == [(Decimal(4_800_000),)]


def test_the_one_currency_in_the_data_is_the_shops(shop: Shop) -> None:
    foreign(shop)
    assert shop.land(currency=None)["currency"] == "EUR"


def test_two_currencies_without_a_setting_are_refused(shop: Shop, refused: Any) -> None:
    foreign(shop, "USD")
    with refused(InvalidSetting, "Got amounts in EUR, USD and no setting"):
        shop.land(currency=None)
