"""A small invented shop in which everything that can come late comes late, and the features built from it.

What happens is a function of ids and days, so two shops are the same shop. Products appear over the year, are
renamed and move; lines arrive late, are corrected, moved to another day and cancelled; half of the customers say
who they are in summer.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np

from nightmarket.contracts import SHOP_CONTRACT
from nightmarket.io.atomic import sha256_of_file
from nightmarket.io.embeddings import create_tables, read_product_versions, replace_product_texts, store_vectors
from nightmarket.io.landing import LandedFile, LandedTable, Snapshot, write_snapshot
from nightmarket.io.night import Night
from nightmarket.io.training_data import TextSpace
from nightmarket.io.warehouse import open_warehouse, pin_snapshot
from nightmarket.settings import Settings
from nightmarket.steps.judging.session import run_dbt
from nightmarket.text.hashing import hash_text
from nightmarket.text.product_text import TEXT_COLUMNS, product_texts

FIRST_DAY, LAST_DAY = date(2024, 1, 1), date(2024, 6, 30)
NIGHT = date(2024, 6, 10)
ORIGINS = [NIGHT - timedelta(days=28), NIGHT - timedelta(days=56)]

_ROWS = {
    "order_lines": f"""
        with visits as (
            select c, d, date '{FIRST_DAY}' + cast(d as integer) as order_date
            from range(60) as customers(c), range({(LAST_DAY - FIRST_DAY).days + 1}) as days(d)
            where hash(c, d) % (5 + c % 5) = 0 and d >= 2 * (c % 30)
        ),
        lines as (
            select
                c, d, order_date, n, hash(c, d, n) as h,
                -- A customer keeps to few products, of those that are sold by then.
                cast((hash(c, hash(d, n) % 8)) % (10 + d // 5) as integer) as p
            from visits, range(3) as lines(n)
        ),
        first_versions as (
            select
                'l' || c || '-' || d || '-' || n as order_line_id, 'o' || c || '-' || d as order_id,
                'c' || c as customer_id, 'p' || p as product_id, 's' || h % 3 as location_id,
                order_date + interval 14 hours as ordered_at, order_date, 1 + h % 3 as quantity,
                (100 + h % 900) / 100 as sales_amount, (h % 50) / 100 as discount_amount, 0 as coupon_amount,
                'USD' as currency, false as is_cancelled, h % 40 as lot,
                order_date + case when h % 40 < 3 then 1 + cast(h % 30 as integer) else 0 end as arrived_date
            from lines
        ),
        versions as (
            select * from first_versions
            union all by name
            select * replace (
                quantity + 2 as quantity, 3 * sales_amount as sales_amount, arrived_date + 9 as arrived_date
            ) from first_versions where lot = 5
            union all by name
            select * replace (order_date + 20 as order_date, arrived_date + 4 as arrived_date)
            from first_versions where lot = 6
            union all by name
            select * replace (true as is_cancelled, arrived_date + 12 as arrived_date) from first_versions where lot = 7
        )
        select * exclude (lot), arrived_date + interval 15 hours as arrived_at from versions
    """,
    "products": f"""
        with first_versions as (
            select
                'p' || p as product_id, 'name of ' || p as product_name,
                case when p % 17 = 3 then 'RARE' else 'K' || p % 7 end as category_id, 'food' as department,
                'brand ' || p % 4 as brand, 'size ' || p % 5 as description, date '1970-01-01' as arrived_date, p
            from range(60) as products(p)
        ),
        versions as (
            select * from first_versions
            union all by name
            select * replace (
                'new name of ' || p as product_name, date '{FIRST_DAY}' + cast(p * 3 as integer) as arrived_date
            ) from first_versions where p % 3 = 0
            union all by name
            select * replace ('K' || p % 5 as category_id, date '{FIRST_DAY}' + 70 + cast(p as integer) as arrived_date)
            from first_versions where p % 6 = 1
        )
        select * exclude (p), 'category ' || category_id as category_name,
            arrived_date + interval 3 hours as arrived_at
        from versions
    """,
    "customers": f"""
        select
            'c' || c as customer_id, case when c % 3 = 0 then '25-34' else '45-54' end as age_band,
            (20 + c) || '-99K' as income_band, 'Homeowner' as home_ownership, 'U' as marital_status,
            '2' as household_size, '1 adult' as household_composition, '1' as n_children,
            case when c % 2 = 0 then date '1970-01-01' else date '{FIRST_DAY}' + 60 + cast(c as integer) end
                as arrived_date,
            arrived_date + interval 3 hours as arrived_at
        from range(50) as customers(c)
    """,
    "campaigns": f"""
        with first_versions as (
            select
                'm' || m as campaign_id, 'campaign ' || m as campaign_name, 'A' as campaign_type,
                date '{FIRST_DAY}' + cast(14 * m as integer) as start_date, start_date + 10 as end_date,
                start_date as arrived_date, m
            from range(14) as campaigns(m)
        )
        select * exclude (m), arrived_date + interval 1 hour as arrived_at from first_versions
        union all by name
        select * exclude (m) replace (end_date + 30 as end_date, arrived_date + 25 as arrived_date),
            arrived_date + 25 + interval 1 hour as arrived_at
        from first_versions where m % 2 = 0
    """,
    "campaign_products": f"""
        select
            'm' || m as campaign_id, 'coupon' as coupon_id, 'p' || p as product_id,
            date '{FIRST_DAY}' + cast(14 * m + p % 3 as integer) as arrived_date,
            arrived_date + interval 1 hour as arrived_at
        from range(14) as campaigns(m), range(60) as products(p) where (m + p) % 9 = 0
    """,
    "campaign_contacts": f"""
        select
            'm' || m as campaign_id, 'c' || c as customer_id,
            date '{FIRST_DAY}' + cast(14 * m + c % 5 as integer) as contact_date,
            contact_date + cast(c % 4 as integer) as arrived_date, arrived_date + interval 1 hour as arrived_at
        from range(14) as campaigns(m), range(60) as customers(c) where hash(m, c) % 2 = 0
    """,
    "campaign_responses": f"""
        select
            'm' || m as campaign_id, 'c' || c as customer_id, 'coupon' as coupon_id,
            date '{FIRST_DAY}' + cast(14 * m + 3 + c % 5 as integer) as response_date,
            response_date + cast(c % 7 as integer) as arrived_date, arrived_date + interval 1 hour as arrived_at
        from range(14) as campaigns(m), range(60) as customers(c) where hash(m, c) % 4 = 0
    """,
    "promotions": f"""
        select
            'p' || p as product_id, 's1' as location_id, date '{FIRST_DAY}' + cast(7 * w as integer) as start_date,
            start_date + 6 as end_date, 'A' as display_location, 'B' as mailer_location,
            start_date + cast(hash(p, w) % 12 as integer) as arrived_date, arrived_date + interval 1 hour as arrived_at
        from range(60) as products(p), range(28) as weeks(w) where hash(p, w) % 4 = 0
    """,
    "holidays": f"""
        select
            'fair' as holiday_name, date '{FIRST_DAY}' + cast(30 * m as integer) as holiday_date,
            case when later then 'feast' else 'fair' end as holiday_kind,
            holiday_date - cast(hash(m) % 40 as integer) + 5 * later::integer as arrived_date,
            arrived_date + interval 1 hour as arrived_at
        from range(12) as months(m), (values (false), (true)) as versions(later)
    """,
    "inventory": f"""
        with first_versions as (
            select
                'p' || p as product_id, 's' || s as location_id,
                date '{FIRST_DAY}' + cast(2 * d as integer) as stock_date,
                case when (p + d) % 6 = 0 then 0 else hash(p, s, d) % 20 end as on_hand_quantity,
                hash(p, d) % 9 as on_order_quantity, 3 + p % 5 as lead_time_days, 6 as pack_size,
                12 as min_order_quantity, 1.5 as unit_cost_amount, 0.5 as unit_margin_amount,
                0.2 as holding_cost_amount,
                stock_date + cast(hash(p, s, d) % 3 as integer) as arrived_date, hash(d, p) % 20 as lot
            from range(20) as products(p), range(2) as places(s), range(90) as days(d)
        )
        select * exclude (lot), arrived_date + interval 2 hours as arrived_at from first_versions
        union all by name
        select * exclude (lot) replace (on_hand_quantity + 4 as on_hand_quantity, arrived_date + 11 as arrived_date),
            arrived_date + 11 + interval 2 hours as arrived_at
        from first_versions where lot = 3
    """,
}


def land_shop(settings: Settings) -> Snapshot:
    """Write the shop's tables and their manifest where `nightmarket land` would."""
    tables: dict[str, LandedTable] = {}
    for table in SHOP_CONTRACT:
        files: tuple[LandedFile, ...] = ()
        if table.name in _ROWS:
            path = settings.landing_dir / "files" / f"{table.name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = ", ".join(f"cast({column.name} as {column.type}) as {column.name}" for column in table.columns)
            with duckdb.connect() as connection:
                row = connection.execute(
                    f"copy (select {columns} from ({_ROWS[table.name]}) order by all) to '{path}' (format parquet)"
                ).fetchone()
            assert row is not None
            assert row[0] > 0, table.name
            files = (LandedFile(f"files/{path.name}", sha256_of_file(path), row[0]),)
        n_rows = sum(file.rows for file in files)
        tables[table.name] = LandedTable(bool(files), n_rows, n_rows, 0, files)
    snapshot = Snapshot("invented", "UTC", "USD", LAST_DAY, True, tables, ())
    write_snapshot(settings, snapshot)
    return snapshot


def transform(settings: Settings, snapshot: Snapshot) -> None:
    """Build the night and its origins from the whole shop, as the step does."""
    with open_warehouse(settings, write=True) as connection:
        pin_snapshot(connection, settings, snapshot)
    run_dbt(settings, snapshot, [NIGHT, *ORIGINS])


def embed(settings: Settings, snapshot: Snapshot) -> TextSpace:
    """Record a vector of every text, as `nightmarket embed` does; what an encoder would say is not needed here."""
    space = TextSpace("invented", 12)
    with open_warehouse(settings, write=True) as connection:
        create_tables(connection)
        versions = read_product_versions(connection, TEXT_COLUMNS)
        hashes = [hash_text(text) for text in product_texts(version.parts for version in versions)]
        replace_product_texts(connection, snapshot.snapshot_id, versions, hashes)
        distinct = sorted(set(hashes))
        vectors = np.random.default_rng(0).normal(size=(len(distinct), space.dim)).astype(np.float32)
        store_vectors(connection, space.encoder_key, distinct, vectors)
    record = {"encoder_key": space.encoder_key, "dim": space.dim}
    Night(settings, NIGHT, snapshot.snapshot_id).record("embed", record)
    return space


class CopiedProject(Settings):
    """Settings of an installation whose dbt project is a copy, to be changed, beside its var folder."""

    home: Path

    @property
    def project_dir(self) -> Path:
        return self.home


def install(folder: Path) -> CopiedProject:
    """Return an installation of its own in ``folder``, with a copy of the dbt project."""
    settings = CopiedProject(home=folder, var_dir=folder / "var", threads=2)
    shutil.copytree(Settings().project_dir / "dbt_project", folder / "dbt_project")
    return settings
