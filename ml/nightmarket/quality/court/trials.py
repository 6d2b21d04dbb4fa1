"""What is rebuilt, from which world, and which rows are compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FEATURES, LABELS = "features", "labels"
WINDOWS = "lbl_windows"
"""The calendar of label windows. It is checked by :func:`find_wrong_window`, the other tables by rebuilding them."""


@dataclass(frozen=True)
class Window:
    """One row of ``labels.lbl_windows``: which days a label reads, and what it may know of them."""

    as_of_date: date
    horizon_days: int
    window_end_date: date
    known_before_date: date
    is_closed: bool


@dataclass(frozen=True)
class World:
    """What a rebuild can see of the shop.

    Attributes
    ----------
    cut : nothing that happened or arrived on this day or later; sentinels stand in its place.
    last_day : where given, nothing that happened later either, and no sentinels.
    first_day : where given, what happened before it is shown to have happened long before it.
    plans_until : where given, plans are known until then instead, and none are invented.
    """

    cut: date
    first_day: date | None = None
    last_day: date | None = None
    plans_until: date | None = None

    def __str__(self) -> str:
        if self.plans_until is not None:
            return (
                f"a shop that ends on the eve of {self.cut}, with an invented future and the plans that were known on "
                f"the eve of {self.plans_until}"
            )
        if self.last_day is None:
            return f"a shop that ends on the eve of {self.cut}, with an invented future"
        first = f", with what came before {self.first_day} long ago" if self.first_day else ""
        return f"a shop in which nothing happened after {self.last_day} or was known after the eve of {self.cut}{first}"


@dataclass(frozen=True)
class Claim:
    """Rows of one table at one date that must not change.

    ``columns`` None: all of them, and which rows there are. Otherwise a row that is not there counts as one of
    NULLs: the other columns, which may know more, decide which rows there are. ``cut``: only the rows in whose
    column of that name this date stands.
    """

    schema: str
    table: str | None
    as_of_date: date
    columns: tuple[str, ...] | None = None
    cut: tuple[str, date] | None = None

    def covers(self, schema: str, table: str) -> bool:
        """Whether ``schema.table`` is judged by this claim (a claim without a table names a whole schema)."""
        return schema == self.schema and self.table in (None, table)


@dataclass(frozen=True)
class Trial:
    """One rebuild: the dates that dbt is asked for in a world, and what is compared afterwards."""

    world: World
    as_of_dates: tuple[date, ...]
    claims: tuple[Claim, ...]

    @property
    def schemas(self) -> tuple[str, ...]:
        return tuple(sorted({claim.schema for claim in self.claims}))

    @property
    def has_features(self) -> bool:
        """Whether features are built from a world that ends where they are cut."""
        return FEATURES in self.schemas

    @property
    def is_of_cuts(self) -> bool:
        """Whether rows with cuts of their own are judged."""
        return any(claim.cut for claim in self.claims)


@dataclass(frozen=True)
class Outcome:
    """What a column of a label table reads: a window of ``horizon_days``; ``column`` None: the row's presence."""

    table: str
    column: str | None
    horizon_days: int
    reads_past: bool = False
    """Whether the column compares the window with what was before it, by design."""


def feature_trials(dates: Iterable[date]) -> list[Trial]:
    """Return one trial per date: features know what happened and had arrived before it, and nothing else."""
    return [Trial(World(day), (day,), (Claim(FEATURES, None, day),)) for day in sorted(dates)]


def cut_trials(night: date, cuts: Mapping[str, tuple[str, Sequence[date]]]) -> list[Trial]:
    """Return one trial per table and cut, for tables whose rows at the night have cuts of their own.

    What such a row says ends at its cut; only plans (that there is a campaign, what it offers and whom it contacts)
    are those of the night.

    Parameters
    ----------
    cuts : by table of features, the column that says the cut, and the cuts that are judged
    """
    return [
        Trial(
            World(day, plans_until=night),
            (night,),
            (Claim(FEATURES, table, night, cut=(column, day)),),
        )
        for table, (column, days) in cuts.items()
        for day in days
    ]


def night_label_trials(night: date, tables: Iterable[str]) -> list[Trial]:
    """Return the trials of label tables of such rows: what they say at the night had arrived before it."""
    return [Trial(World(night), (night,), (Claim(LABELS, table, night),)) for table in tables]


def label_trials(night: date, windows: Iterable[Window], outcomes: Sequence[Outcome]) -> list[Trial]:
    """Return the trials of the closed ``windows``.

    Two kinds: what a label may know ends at its ``known_before_date``, and what it says is about the days of
    its window, so that it cannot overlap what features read.
    """
    known: dict[date, list[Claim]] = defaultdict(list)
    within: dict[World, list[Claim]] = defaultdict(list)
    for window in windows:
        if not window.is_closed:
            continue
        for reads_past in (False, True):
            claims = _claims(window, [o for o in outcomes if o.reads_past == reads_past])
            if not claims:
                continue
            known[window.known_before_date] += claims
            first_day = None if reads_past else window.as_of_date
            within[World(window.known_before_date, first_day, window.window_end_date)] += claims
    trials = [_label_trial(night, World(cut), claims) for cut, claims in sorted(known.items())]
    return trials + [_label_trial(night, world, claims) for world, claims in within.items()]


def share_rebuilds(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials with those of one world made one: it is rebuilt once, for all their dates."""
    by_world: dict[World, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_world[trial.world].append(trial)
    return [
        Trial(
            world,
            tuple(sorted({day for trial in same for day in trial.as_of_dates}, reverse=True)),
            tuple(claim for trial in same for claim in trial.claims),
        )
        for world, same in by_world.items()
    ]


def _label_trial(night: date, world: World, claims: Sequence[Claim]) -> Trial:
    """Ask for the night too: it decides what may be known of a window that closed long before."""
    asked = {night, *(claim.as_of_date for claim in claims)}
    return Trial(world, tuple(sorted(asked, reverse=True)), tuple(claims))


def _claims(window: Window, outcomes: Sequence[Outcome]) -> list[Claim]:
    claims = []
    for table in sorted({outcome.table for outcome in outcomes}):
        mine = [o for o in outcomes if o.table == table and o.horizon_days == window.horizon_days]
        if not mine:
            continue
        columns = tuple(o.column for o in mine if o.column is not None)
        whole = any(o.column is None for o in mine)
        claims.append(Claim(LABELS, table, window.as_of_date, None if whole else columns))
    return claims


def find_wrong_window(night: date, windows: Iterable[Window]) -> tuple[Window, str] | None:
    """Return the first window that reads other days, or knows more, than a training at ``night`` may read."""
    for window in windows:
        end = window.as_of_date + timedelta(days=window.horizon_days - 1)
        if window.window_end_date != end:
            return window, f"window_end_date {end}"
        if window.known_before_date > max(night, end + timedelta(days=1)):
            return window, f"known_before_date up to {max(night, end + timedelta(days=1))}"
    return None


def outcomes_of(
    columns_of: Mapping[str, Sequence[str]], declared: Mapping[str, Sequence[Outcome]], longest: int
) -> list[Outcome]:
    """Return the outcomes of each label table: those its families declare, and the others over the longest window.

    Parameters
    ----------
    columns_of : the measures of each label table
    longest : days of the longest window
    """
    found: list[Outcome] = []
    for table, columns in columns_of.items():
        known = list(declared.get(table, ()))
        if not known:
            known = [Outcome(table, None, longest)]
        elif all(outcome.column is not None for outcome in known):
            named = {outcome.column for outcome in known}
            known += [Outcome(table, column, longest) for column in columns if column not in named]
        found += known
    return found
