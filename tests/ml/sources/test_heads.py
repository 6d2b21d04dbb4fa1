"""A load is part of the shop's history once its check has passed, and not before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nightmarket.errors import CheckFailed, HeadMoved
from nightmarket.io.heads import accept_head, read_head
from nightmarket.steps import check

from .conftest import ORDER_HEADER, Shop, order_lines

NIGHT = date(2024, 7, 18)
GONE_UP = order_lines().replace("l7,o7,c1,p2,2024-01-08 12:00:00,1,2.50", "l7,o7,c1,p2,2024-01-08 12:00:00,1,9.50")


def check_landed(shop: Shop, detail: dict[str, Any]) -> None:
    as_of = date.fromisoformat(detail["as_of_date"])
    check.run(shop.settings(), border="landed", as_of=as_of, snapshot_id=detail["snapshot_id"])


def twenty_lines(product_id: str, *, paid: str) -> str:
    return ORDER_HEADER + "".join(f"n{n},n,c1,{product_id},2024-07-10 12:00:00,1,{paid}\n" for n in range(20))


def head_of(shop: Shop) -> str | None:
    head = read_head(shop.settings(), "files")
    return head.snapshot_id if head else None


def test_landing_only_proposes_and_a_check_that_passes_accepts(shop: Shop) -> None:
    first = shop.land_unchecked()
    assert head_of(shop) is None
    check_landed(shop, first)
    assert head_of(shop) == first["snapshot_id"]
    shop.write("order_lines_2024-07-19.csv", ORDER_HEADER + "n,n,c1,p1,2024-07-18 13:00:00,1,2.50\n")
    second = shop.land_unchecked(date(2024, 7, 18))
    assert head_of(shop) == first["snapshot_id"]
    check_landed(shop, second)
    assert head_of(shop) == second["snapshot_id"]


def test_an_export_that_its_check_refuses_is_no_history(shop: Shop) -> None:
    check_landed(shop, shop.land_unchecked(NIGHT))
    accepted = head_of(shop)
    # An increment whose products nobody knows: the contract allows it, the check does not.
    shop.write("order_lines_2024-07-19.csv", twenty_lines("sku-1", paid="99"))
    broken = shop.land_unchecked(NIGHT)
    with pytest.raises(CheckFailed, match="observed 1 offending: n_rows 220, n_unknown 20"):
        check_landed(shop, broken)
    assert head_of(shop) == accepted
    # The export is mended, and nobody remembers what was never true.
    shop.write("order_lines_2024-07-19.csv", twenty_lines("p1", paid="9"))
    check_landed(shop, shop.land_unchecked(NIGHT))
    new = shop.rows("select distinct product_id, sales_amount from raw.order_lines where order_line_id like 'n%'")
    assert new == [("p1", Decimal(9))]
    assert shop.rows("select count(*) from raw.order_lines") == [(220,)]
    head = read_head(shop.settings(), "files")
    assert head is not None
    assert [load["predecessor"] for load in head.loads] == [None, accepted]


def test_landing_again_before_the_check_builds_on_what_was_accepted(shop: Shop) -> None:
    accepted = shop.land(NIGHT)["snapshot_id"]
    shop.write("order_lines.csv", GONE_UP)
    once, again = shop.land_unchecked(NIGHT), shop.land_unchecked(NIGHT)
    assert once == again
    head = read_head(shop.settings(), "files")
    assert head is not None
    assert [load["snapshot_id"] for load in head.loads] == [accepted]


def test_accepting_twice_changes_nothing(shop: Shop) -> None:
    first = shop.land_unchecked(date(2024, 7, 10))["snapshot_id"]
    assert accept_head(shop.settings(), first) is True
    shop.write("order_lines.csv", GONE_UP)
    second = shop.land_unchecked(date(2024, 7, 11))["snapshot_id"]
    assert accept_head(shop.settings(), second) is True
    for accepted in (first, second):
        assert accept_head(shop.settings(), accepted) is False
    assert head_of(shop) == second


def test_landing_an_accepted_load_again_and_checking_it_moves_nothing(shop: Shop) -> None:
    shop.land_unchecked(NIGHT)
    once = shop.land(NIGHT)
    check_landed(shop, shop.land_unchecked(NIGHT))
    assert head_of(shop) == once["snapshot_id"]


def test_a_load_on_top_of_what_is_no_longer_the_head_is_refused(shop: Shop) -> None:
    first = shop.land(date(2024, 7, 10))["snapshot_id"]
    shop.write("order_lines.csv", GONE_UP)
    overtaken = shop.land_unchecked(date(2024, 7, 11))
    accepted = shop.land(date(2024, 7, 12))["snapshot_id"]
    with pytest.raises(HeadMoved) as refused:
        check_landed(shop, overtaken)
    assert f"landed on top of snapshot {first}, but expected it to build on snapshot {accepted}" in str(refused.value)
    assert "Run `nightmarket land` for this night again" in str(refused.value)
    assert head_of(shop) == accepted
    check_landed(shop, shop.land_unchecked(date(2024, 7, 11)))
    assert head_of(shop) == accepted
