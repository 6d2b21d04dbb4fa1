"""The tables of features and labels: which trials they stand, and one trial of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nightmarket.clock import STEP_DAYS
from nightmarket.errors import LeakFound, StepMissing
from nightmarket.families import FAMILIES
from nightmarket.io.court.rebuilt import compare, read_layouts, read_meta
from nightmarket.io.court.stored import find_cuts, find_partition_dates, is_kept, keep_stored, read_windows
from nightmarket.io.court.worlds import PAST_MOVED_DAYS, show_world
from nightmarket.io.warehouse import open_warehouse
from nightmarket.quality.court.comparison import Difference
from nightmarket.quality.court.trials import (
    FEATURES,
    LABELS,
    WINDOWS,
    Outcome,
    Trial,
    Window,
    cut_trials,
    feature_trials,
    find_wrong_window,
    label_trials,
    night_label_trials,
    outcomes_of,
    share_rebuilds,
)
from nightmarket.steps.judging.session import Court, run_dbt


@dataclass(frozen=True)
class Finding:
    """What one trial showed: how many stored rows it covered, by table, and the first difference in each table."""

    trial: Trial
    rows: Mapping[str, int]
    differences: tuple[Difference, ...]


def prepare_trials(court: Court) -> list[Trial]:
    """Keep the stored rows of the night and of the origins on its grid, and return the trials that they stand.

    Raises
    ------
    LeakFound
        A label window is not what a training at the night may read.
    StepMissing
        ``transform`` did not build the night.
    """
    with open_warehouse(court.judged) as connection:
        stored = find_partition_dates(connection, court.snapshot_id, court.night)
        dates = [day for day in stored if (court.night - day).days % STEP_DAYS == 0]
        if court.night not in dates:
            raise StepMissing(
                f"Got no features of {court.night} on snapshot {court.snapshot_id} but expected those of that night. "
                "Run `nightmarket transform` for this night first."
            )
        windows = read_windows(connection, court.snapshot_id, dates)
        cuts = {
            one.feature_view.removeprefix(f"{FEATURES}."): (
                one.cut_column,
                find_cuts(
                    connection, one.feature_view, one.cut_column, snapshot_id=court.snapshot_id, night=court.night
                ),
            )
            for one in FAMILIES.values()
            if one.cut_column is not None and one.feature_view is not None
        }
    keep_stored(court.judged, court.scratch, court.snapshot_id, dates)
    return share_rebuilds(
        [
            *feature_trials(dates),
            *cut_trials(court.night, cuts),
            *night_label_trials(court.night, _labels_of_cuts()),
            *_label_trials(court, windows),
        ]
    )


def _labels_of_cuts() -> list[str]:
    return [one.label_table.removeprefix(f"{LABELS}.") for one in FAMILIES.values() if one.cut_column is not None]


def _label_trials(court: Court, windows: Sequence[Window]) -> list[Trial]:
    """Return the trials of every label table, after a look at the calendar of their windows."""
    wrong = find_wrong_window(court.night, windows)
    if wrong is not None:
        window, expected = wrong
        raise LeakFound(
            f"Got {window} but expected {expected}: a training at {court.night} may not know it. Mend "
            f"labels.lbl_windows; if a later night built this date again, run `nightmarket transform` for "
            f"{court.night} first."
        )
    columns = {layout.table: layout.measures for layout in read_layouts(court.judged, (LABELS,))}
    for table in (WINDOWS, *_labels_of_cuts()):
        columns.pop(table, None)
    longest = max((window.horizon_days for window in windows), default=STEP_DAYS)
    meta = read_meta(court.judged, LABELS)
    past = {(table, name) for table, named in meta.items() for name, one in named.items() if one.get("reads_past")}
    outcomes = outcomes_of(columns, _declared_outcomes(), longest)
    return label_trials(
        court.night, windows, [replace(one, reads_past=(one.table, one.column) in past) for one in outcomes]
    )


def _declared_outcomes() -> dict[str, list[Outcome]]:
    """Return what the heads of all families read from each label table."""
    declared: dict[str, list[Outcome]] = {}
    for family in FAMILIES.values():
        if family.cut_column is not None:
            continue
        table = family.label_table.removeprefix(f"{LABELS}.")
        declared.setdefault(table, []).extend(Outcome(table, head.outcome, head.horizon_days) for head in family.heads)
    return declared


def hold_trial(court: Court, trial: Trial) -> Finding:
    """Rebuild what ``trial`` asks for in its world and compare it with what is stored."""
    show_world(court.landed, court.scratch, court.snapshot, trial.world, n_customers=court.n_customers)
    run_dbt(
        court.scratch,
        court.snapshot,
        trial.as_of_dates,
        schemas=trial.schemas,
        more_lookback_days=PAST_MOVED_DAYS if trial.world.first_day else 0,
    )
    rows: Counter[str] = Counter()
    differences: list[Difference] = []
    for layout in read_layouts(court.scratch, trial.schemas):
        for claim in trial.claims:
            if claim.covers(layout.schema, layout.table) and is_kept(court.scratch, layout, claim.as_of_date):
                n_rows, difference = compare(court.scratch, court.snapshot_id, layout, claim)
                rows[layout.name] += n_rows
                differences += [difference] if difference else []
    return Finding(trial, rows, tuple(differences))
