"""One session of the court: whose rows are judged, where they are rebuilt, and dbt's runs there."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from nightmarket.clock import STEP_DAYS
from nightmarket.errors import TransformFailed
from nightmarket.io.court.worlds import show_everything
from nightmarket.io.landing import Snapshot
from nightmarket.quality.court.trials import FEATURES, LABELS
from nightmarket.settings import Settings
from nightmarket.steps.transform import dbt_command, dbt_environment, dbt_variables

SAMPLED_ORIGINS = 2
"""Earlier origins that are judged on a sample: the ones whose labels closed last, which is where the future is near."""


@dataclass(frozen=True)
class Court:
    """One session.

    Attributes
    ----------
    landed, judged, scratch : where the snapshot's files are, whose warehouse is judged, where all is rebuilt.
    n_customers : the sample, if it is one.
    """

    landed: Settings
    judged: Settings
    scratch: Settings
    snapshot: Snapshot
    night: date
    n_customers: int | None = None

    @property
    def snapshot_id(self) -> str:
        return self.snapshot.snapshot_id


def build_sample(court: Court) -> Court:
    """Build the night and two origins before it from the whole history of the sample; return the court over that."""
    sample = court.scratch.model_copy(update={"var_dir": court.scratch.var_dir / "sample"})
    show_everything(court.landed, sample, court.snapshot, n_customers=court.n_customers)
    run_dbt(sample, court.snapshot, [court.night - timedelta(days=STEP_DAYS * n) for n in range(SAMPLED_ORIGINS + 1)])
    return replace(court, judged=sample)


def run_dbt(
    settings: Settings,
    snapshot: Snapshot,
    dates: Sequence[date],
    *,
    schemas: Sequence[str] = (),
    more_lookback_days: int = 0,
) -> None:
    """Run the models of ``schemas`` (default: all), and what they are made of, in the warehouse of ``settings``.

    Raises
    ------
    TransformFailed
        dbt ended with an error.
    """
    chosen = [f"+path:models/{schema}" for schema in schemas or (FEATURES, LABELS)]
    variables = dbt_variables(
        snapshot_id=snapshot.snapshot_id,
        as_of_dates=dates,
        complete_through=snapshot.complete_through,
        late_lookback_days=settings.late_lookback_days + more_lookback_days,
    )
    ended = subprocess.run(  # noqa: S603 - our own executable, checked arguments
        dbt_command(settings, "run", variables, "--select", *chosen),
        env=dbt_environment(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if ended.returncode != 0:
        last = " ".join(ended.stdout.strip().splitlines()[-6:])
        raise TransformFailed(
            f"Got exit code {ended.returncode} from dbt in the scratch warehouse, expected 0: {last} "
            "Run `nightmarket transform` for this night to see whether it builds."
        )
