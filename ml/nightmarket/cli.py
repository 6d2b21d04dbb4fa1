"""One command per step of the night.

Every command prints, as its last line, one JSON object with what it did; logs and progress go to
stderr. Exit codes: 0 done, 2 refused (the message says what was got, expected, and what to do;
everything is as it was), 75 the warehouse is busy (try again), 99 nothing to do.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from nightmarket import __version__
from nightmarket.errors import EXIT_NOTHING_TO_DO, NightmarketError
from nightmarket.settings import Settings, keep_libraries_offline, load_settings
from nightmarket.steps import StepResult


class _Date(click.ParamType[date]):
    name = "yyyy-mm-dd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"Got {value!r} but expected a date such as 2017-12-01.", param, ctx)


_FOR_PEOPLE = ("sql", "contract")
"""Commands that people read: on a terminal they leave the JSON line out."""

_AS_OF = click.option(
    "--as-of", "as_of", type=_Date(), required=True, help="The night: what had arrived before this date."
)
_SNAPSHOT = click.option("--snapshot", "snapshot_id", required=True, help="The snapshot_id that `land` printed.")


class _CommandLine(click.Group):
    """Called as a program, it leaves when the command is done: Python takes up to a second to take itself apart."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command and end the process with its exit code; nothing is open any more but the output."""
        try:
            return self.main(*args, **kwargs)
        except SystemExit as ended:
            if not isinstance(ended.code, int):
                raise
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(ended.code)


@click.group(cls=_CommandLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def main() -> None:
    """Nightmarket: every night, tomorrow morning's decisions from a shop's raw tables."""
    keep_libraries_offline()


def _run(step: str, record_as: str | None = None, /, **arguments: Any) -> None:
    """Run ``nightmarket.steps.<step>.run``, record the result with the night, print it as JSON."""
    from nightmarket.io.night import Night

    started = time.perf_counter()
    try:
        settings: Settings = load_settings()
        night = None
        if record_as and "snapshot_id" in arguments:
            night = Night(settings, arguments["as_of"], arguments["snapshot_id"])
            night.forget(record_as)
        result: StepResult | None = importlib.import_module(f"nightmarket.steps.{step}").run(settings, **arguments)
        if result is None:
            sys.exit(EXIT_NOTHING_TO_DO)
        line = {
            "step": record_as or step,
            "rows": result.rows,
            **result.detail,
            "seconds": round(time.perf_counter() - started, 3),
        }
        if record_as == "land":
            night = Night(settings, date.fromisoformat(line["as_of_date"]), line["snapshot_id"])
        if night is not None and record_as is not None:
            night.record(record_as, line)
    except NightmarketError as error:
        click.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(error.exit_code)
    if step in _FOR_PEOPLE and sys.stdout.isatty():
        return
    click.echo(json.dumps(_without_nan(line), sort_keys=True, default=str, allow_nan=False))


def _without_nan(value: Any) -> Any:
    """Return ``value`` with null for what JSON has no number for: Airflow on a server takes no other line."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value


@main.command()
@click.option("--as-of", "as_of", type=_Date(), help="The night. Default: the day after the source's complete_through.")
@click.option(
    "--scheduled-for",
    "scheduled_for",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="The instant of a scheduled run: the night is its shop-local date, and a source that is behind is stale.",
)
def land(as_of: date | None, scheduled_for: datetime | None) -> None:
    """Read the source into the shop contract and pin a snapshot."""
    _run("land", "land", as_of=as_of, scheduled_for=scheduled_for)


@main.command()
@click.argument("border", type=click.Choice(["landed", "features", "scores", "decisions"]))
@_AS_OF
@_SNAPSHOT
def check(border: str, as_of: date, snapshot_id: str) -> None:
    """Hold the expectations of one border; a failed `stop` ends the night."""
    _run("check", f"check__{border}", border=border, as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@_AS_OF
@_SNAPSHOT
def embed(as_of: date, snapshot_id: str) -> None:
    """Embed the text that was never embedded before."""
    _run("embed", "embed", as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@_AS_OF
@_SNAPSHOT
@click.option("--for-training", is_flag=True, help="Build the training origins even where a model may already score.")
def transform(as_of: date, snapshot_id: str, for_training: bool) -> None:
    """Build features (and, where a family has no model for this night, its training origins) with dbt."""
    _run("transform", "transform", as_of=as_of, snapshot_id=snapshot_id, for_training=for_training)


@main.command()
@click.argument("family")
@_AS_OF
@_SNAPSHOT
@click.option("--if-needed", is_flag=True, help="Do nothing (exit code 99) where a model may already score this night.")
def train(family: str, as_of: date, snapshot_id: str, if_needed: bool) -> None:
    """Train, calibrate, test, gate and register the recipes of FAMILY at the cut-off --as-of."""
    _run("train", f"train__{family}", family=family, as_of=as_of, snapshot_id=snapshot_id, if_needed=if_needed)


@main.command()
@click.argument("family")
@click.option("--as-of", "as_of", type=_Date(), help="The newest cut-off. Default: the newest night that was landed.")
@click.option("--snapshot", "snapshot_id", help="The snapshot to read. Default: the one landed last for that night.")
@click.option(
    "--cut-offs", "cut_offs", type=click.IntRange(1), default=3, show_default=True, help="Cut-offs, 28 days apart."
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Seeds of the final test.")
@click.option(
    "--train-origins",
    "max_train_origins",
    type=click.IntRange(1),
    help="Training origins at most. Default: the family's.",
)
@click.option(
    "--write-docs", is_flag=True, help="Also write docs/results/FAMILY.json, which docs/results.md is made from."
)
@click.option(
    "--trial",
    type=click.Path(path_type=Path),
    help="Measure a randomised trial instead (campaign_response only): a CSV or Parquet file, one row per customer.",
)
@click.option("--treatment-column", "treatment_column", help="Of the trial: the column that tells the arms.")
@click.option("--control", help="Of the trial: what --treatment-column says of the control group.")
@click.option("--outcome", help="Of the trial: the column to measure, 0/1 or an amount.")
@click.option("--arm", help="Of the trial: one arm alone. Default: every arm, and all arms together.")
@click.option("--id-column", "id_column", help="Of the trial: who. Default: every row is another customer.")
@click.option(
    "--placebo", "placebos", multiple=True, help="Of the trial: a column from before the treatment (repeatable)."
)
@click.option(
    "--further-outcome",
    "further_outcomes",
    multiple=True,
    help="Of the trial: another column from after the treatment, so no covariate (repeatable).",
)
def evaluate(
    family: str,
    *,
    as_of: date | None,
    snapshot_id: str | None,
    cut_offs: int,
    seeds: int,
    max_train_origins: int | None,
    write_docs: bool,
    trial: Path | None,
    treatment_column: str | None,
    control: str | None,
    outcome: str | None,
    arm: str | None,
    id_column: str | None,
    placebos: tuple[str, ...],
    further_outcomes: tuple[str, ...],
) -> None:
    """Measure the recipes of FAMILY at rolling cut-offs, with baselines, seeds, slices, shuffled arms and canaries."""
    if trial is not None:
        _run(
            "trial",
            "evaluate",
            family=family,
            trial=trial,
            treatment_column=treatment_column,
            control=control,
            outcome=outcome,
            arm=arm,
            id_column=id_column,
            placebos=placebos,
            further_outcomes=further_outcomes,
            seeds=seeds,
        )
        return
    _run(
        "evaluate",
        family=family,
        as_of=as_of,
        snapshot_id=snapshot_id,
        cut_offs=cut_offs,
        seeds=seeds,
        max_train_origins=max_train_origins,
        write_docs=write_docs,
    )


@main.command()
@click.argument("family")
@_AS_OF
@_SNAPSHOT
def score(family: str, as_of: date, snapshot_id: str) -> None:
    """Score every eligible row of FAMILY into a staged partition."""
    _run("score", f"score__{family}", family=family, as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@click.argument("decision")
@_AS_OF
@_SNAPSHOT
def decide(decision: str, as_of: date, snapshot_id: str) -> None:
    """Turn the night's scores into the staged rows of DECISION."""
    _run("decide", f"decide__{decision}", decision=decision, as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@_AS_OF
@_SNAPSHOT
def publish(as_of: date, snapshot_id: str) -> None:
    """Make the checked tables of the night visible in one atomic step."""
    _run("publish", "publish", as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@_AS_OF
@_SNAPSHOT
def report(as_of: date, snapshot_id: str) -> None:
    """Write the morning report."""
    _run("report", "report", as_of=as_of, snapshot_id=snapshot_id)


@main.command()
@click.option(
    "--example", "example_dir", type=click.Path(path_type=Path), help="Write a tiny valid example export here."
)
def contract(example_dir: Path | None) -> None:
    """Describe the shop contract, or write a tiny valid example of it."""
    _run("contract", example_dir=example_dir)


@main.command()
@click.argument("kind", type=click.Choice(["family"]))
@click.argument("name")
def new(kind: str, name: str) -> None:
    """Write the files of a new family NAME into this checkout; its tests say what is to be filled in."""
    _run("new", kind=kind, name=name)


@main.command()
@click.argument("query", required=False)
def sql(query: str | None) -> None:
    """Open a SQL prompt on the serving store, or run QUERY and print its rows."""
    _run("sql", query=query)


@main.command()
@_AS_OF
@_SNAPSHOT
@click.option(
    "--sample", type=click.IntRange(min=1), help="Judge the project on this many customers instead of the stored rows."
)
def court(as_of: date, snapshot_id: str, sample: int | None) -> None:
    """Hold the leak court: nothing that comes after a date may move what is cut at it."""
    _run("court", as_of=as_of, snapshot_id=snapshot_id, sample=sample)


@main.group("measure")
def measure() -> None:
    """Tell what was brought about, against what would have come anyway."""


@measure.command("campaign")
@click.argument("campaign")
@click.option("--as-of", "as_of", type=_Date(), help="The night that measures. Default: the newest that was landed.")
def measure_campaign(campaign: str, as_of: date | None) -> None:
    """Measure what CAMPAIGN, which is over, brought: those to be contacted against those held out by lot."""
    _run("measure", campaign=campaign, as_of=as_of)


@main.group()
def replay() -> None:
    """Play a policy over past weeks, against what a planner would do by hand."""


@replay.command("inventory")
@click.option("--as-of", "as_of", type=_Date(), help="The night that the weeks end at. Default: the newest landed.")
@click.option("--weeks", type=click.IntRange(1), default=26, show_default=True, help="Weeks that are played.")
@click.option("--lead-time-days", type=click.IntRange(1), help="Days from order to shelf. Default: the setting.")
@click.option(
    "--products", type=click.IntRange(1), default=500, show_default=True, help="Products: those sold most before."
)
@click.option("--train-every", type=click.IntRange(1), help="Train anew every so many weeks. Default: once.")
@click.option(
    "--stock-terms", is_flag=True, help="Order by the inventory's lead times, packs, minimum orders, margins and costs."
)
def replay_inventory(as_of: date | None, **options: Any) -> None:
    """Play the reorder plan against a moving average and last year: lost units, stock, orders and cost.

    A review comes every `NIGHTMARKET_REVIEW_PERIOD_DAYS`.
    """
    _run("replay", as_of=as_of, **options)


@main.command()
def relink() -> None:
    """Rebuild the serving store's views after var was moved."""
    _run("relink")


if __name__ == "__main__":
    main()
