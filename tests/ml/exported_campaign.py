"""An export whose campaign of June was dealt and published: what measuring it starts from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.ml.simulated_shop import NIGHT, Customers, decide, draw_customers

from nightmarket.cli import main
from nightmarket.decisions.targets.table import TABLE
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.night import Night
from nightmarket.io.scored_rows import write_scored_rows
from nightmarket.io.serving import StagedTable, open_serving, publish_night
from nightmarket.settings import Settings, load_settings

N, LIFT = 1500, 60.0
START, END, AFTER = date(2024, 6, 5), date(2024, 6, 25), date(2024, 7, 1)
LINES = "order_line_id,order_id,customer_id,product_id,ordered_at,quantity,sales_amount,arrived_at\n"
OLD_LINE = "old,old,someone,tea,2023-06-01 10:00:00,1,5,2023-06-01 10:00:00\n"
"""A shop has to have a history before a night of it can be landed."""


def _shop() -> Customers:
    """Return a shop where a contact makes a third of the customers answer and everybody spend 60 more."""
    customers = draw_customers(N, seed=7)
    persuaded = np.random.default_rng(8).random(N) < 1 / 3
    return replace(
        customers,
        answers_contacted=customers.answers_held_out | persuaded,
        revenue_contacted=customers.revenue_held_out + LIFT,
    )


@dataclass(frozen=True)
class Exported:
    """An export folder beside its var, and who was dealt which arm."""

    folder: Path
    customers: Customers
    is_treated: np.ndarray
    is_held_out: np.ndarray

    @property
    def settings(self) -> Settings:
        return load_settings()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def deliver(self, *, sent: float = 1.0, leaked: float = 0.0, contacted_on: date = START) -> None:
        """Export what came of the campaign, and say that the source is complete through the end of June.

        Of those to be contacted the share ``sent`` was, and of those held out the share ``leaked``.
        """
        is_sent = self.is_treated & (np.cumsum(self.is_treated) <= sent * self.is_treated.sum())
        is_sent |= self.is_held_out & (np.cumsum(self.is_held_out) <= leaked * self.is_held_out.sum())
        seen = self.customers
        revenue = np.where(self.is_treated, seen.revenue_contacted, seen.revenue_held_out)
        answers = np.where(self.is_treated, seen.answers_contacted, seen.answers_held_out)
        dealt = zip(seen.customer_ids, revenue, answers, is_sent, strict=True)
        lines, contacts, responses = [LINES], ["campaign_id,customer_id,contact_date\n"], []
        for number, (customer, spent, has_answered, has_contact) in enumerate(dealt):
            if spent > 0:
                at = "2024-06-20 10:00:00"
                lines.append(f"n{number},m{number},{customer},tea,{at},1,{spent:.2f},{at}\n")
            # After the campaign is over, too late to be counted.
            lines.append(f"z{number},y{number},{customer},tea,2024-06-28 10:00:00,1,500,2024-06-28 10:00:00\n")
            if has_contact:
                contacts.append(f"spring,{customer},{contacted_on}\n")
            if has_answered:
                responses.append(f"spring,{customer},,2024-06-20\n")
        self.write("order_lines_2024-07-01.csv", "".join(lines))
        self.write("campaign_contacts.csv", "".join(contacts) + f"other,{seen.customer_ids[0]},{START}\n")
        self.write("campaign_responses.csv", "campaign_id,customer_id,coupon_id,response_date\n" + "".join(responses))
        self.write("_COMPLETE", "2024-06-30")


def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """Return a shop landed on 2024-06-01 whose campaign of June is dealt and published, a tenth held out."""
    folder = tmp_path / "export"
    folder.mkdir()
    environment = {"SOURCE": "files", "SOURCE_PATH": folder, "VAR_DIR": tmp_path / "var", "CURRENCY": "EUR"}
    for name, value in {**environment, "THREADS": 1, "TIMEZONE": "UTC"}.items():
        monkeypatch.setenv(f"NIGHTMARKET_{name}", str(value))
    customers = _shop()
    choice = decide(customers, salt="salt")
    shop = Exported(folder, customers, choice.is_contacted, choice.is_held_out)
    before = [
        f"l{number}{visit},o{number}{visit},{customer},tea,2024-05-{10 + visit} 10:00:00,1,{spent / visits:.2f},"
        f"2024-05-{10 + visit} 10:00:00\n"
        for number, (customer, spent, visits) in enumerate(
            zip(customers.customer_ids, customers.spend, np.minimum(customers.visits, 9), strict=True)
        )
        for visit in range(int(visits))
    ]
    shop.write("products.csv", "product_id,product_name,category_id\ntea,Green tea,tea\n")
    shop.write("order_lines.csv", LINES + OLD_LINE + "".join(before))
    shop.write(
        "campaigns.csv",
        f"campaign_id,start_date,end_date\nspring,{START},{END}\nundealt,2024-04-01,2024-04-20\nlong,{START},2024-08-01\n",
    )
    shop.write("_COMPLETE", "2024-05-31")
    nightmarket("land", "--as-of", str(NIGHT))
    publish(shop)
    return shop


def nightmarket(*arguments: str) -> dict[str, Any]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def publish(shop: Exported, as_of: date = NIGHT, *, is_done: bool = False, listed: np.ndarray | None = None) -> None:
    """Publish what the policy decided, as the night does.

    ``is_done``: everybody was contacted before. ``listed``: whom this night would contact, in place of the sent list.
    """
    import pyarrow as pa

    is_listed = shop.is_treated if listed is None else listed
    decision = np.where(is_listed | is_done, "contact", np.where(shop.is_held_out, "hold out", "leave alone"))
    types = {"VARCHAR": pa.string(), "DATE": pa.date32(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
    values: dict[str, Any] = {
        "campaign_id": ["spring"] * N,
        "customer_id": shop.customers.customer_ids,
        "as_of_date": [as_of] * N,
        "decision": decision.tolist(),
        "cost_amount": [0.5] * N,
        "holdout_share": [0.0 if is_done else 0.1] * N,
    }
    columns = [pa.array(values.get(column.name, [None] * N), types[column.type]) for column in TABLE.columns]
    night = next(Night(shop.settings, NIGHT, path.name) for path in (shop.settings.nights_dir / str(NIGHT)).iterdir())
    path = night.staged_path(TABLE.name)
    write_scored_rows(path, pa.table(columns, names=[column.name for column in TABLE.columns]))
    publish_night(
        shop.settings,
        as_of=as_of,
        snapshot_id=night.snapshot_id,
        staged={
            TABLE.name: StagedTable(
                path, sha256_of_file(path), "campaign_targets", "run", "campaign_targets/2", "policy"
            )
        },
        verdict="passed",
        checks={},
        steps={},
    )


def served(shop: Exported, query: str) -> list[tuple[Any, ...]]:
    connection = open_serving(shop.settings)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
