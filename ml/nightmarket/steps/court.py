"""``nightmarket court``: nothing that comes after an instant may move what claims to be cut at it.

For every date that a training at the night reads, the shop is cut at that date, an invented future is put in the
place of the real one, and dbt builds features (and labels, each cut at what it may know) from it in a scratch
warehouse. Every table must equal the stored one to the bit. A difference is a leak, and the first one is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from nightmarket.errors import LeakFound
from nightmarket.io.court.text import embed_world
from nightmarket.io.court.worlds import scratch_settings
from nightmarket.io.landing import read_snapshot
from nightmarket.io.training_data import TextSpace
from nightmarket.quality.court.comparison import Difference
from nightmarket.quality.court.trials import FEATURES, Trial, World
from nightmarket.settings import Settings
from nightmarket.steps import StepResult
from nightmarket.steps.judging.families import Witness, call_witnesses, hear
from nightmarket.steps.judging.session import Court, build_sample
from nightmarket.steps.judging.tables import hold_trial, prepare_trials


@dataclass(frozen=True)
class Hearing:
    """The families that are heard, and the vectors their text features are made of."""

    witnesses: Sequence[Witness] = ()
    text: TextSpace | None = None


def run(settings: Settings, *, as_of: date, snapshot_id: str, sample: int | None = None) -> StepResult:
    """Judge every stored table of features and labels that a training at ``as_of`` reads, and what families make of it.

    Parameters
    ----------
    sample : int, optional
        Judge the project on that many customers instead of the stored rows: both sides are built here.

    Raises
    ------
    LeakFound
        A row changes with what comes after the instant it is cut at; the message shows it.
    StepMissing
        ``transform`` did not build this night, or built other columns than today's project does.
    TransformFailed
        dbt ended with an error in the scratch warehouse.
    """
    snapshot = read_snapshot(settings, snapshot_id)
    with scratch_settings(settings, as_of) as scratch:
        court = Court(settings, settings, scratch, snapshot, as_of, sample)
        hearing = Hearing(*call_witnesses(court))
        if sample is not None:
            court = build_sample(court)
            if hearing.text is not None:
                embed_world(court.landed, court.judged, snapshot_id, hearing.text)
        trials = prepare_trials(court)
        rows = hold(court, trials, hearing)
    return StepResult(
        rows=sum(rows.values()),
        detail={
            "as_of_date": as_of.isoformat(),
            "snapshot_id": snapshot_id,
            "sample": sample,
            "tables": rows,
            "n_tables": len(rows),
            "n_trials": len(trials),
            "models": {one.family.name: one.version for one in hearing.witnesses},
            "differences": 0,
        },
    )


def hold(court: Court, trials: Sequence[Trial], hearing: Hearing) -> dict[str, int]:
    """Hold ``trials`` one after the other and return how many stored rows were judged, by table.

    Families are heard in the worlds that end on the eve of the night and of the origin that what they derive
    features with was fitted on.

    Raises
    ------
    LeakFound
        At the first difference.
    """
    rows: Counter[str] = Counter()
    for trial in trials:
        finding = hold_trial(court, trial)
        _refuse(finding.differences, trial.world)
        rows.update(finding.rows)
        day = trial.world.cut
        night = court.night if trial.is_of_cuts else None
        heard = [one for one in hearing.witnesses if _is_heard(one, trial, court)]
        if hearing.text is not None and heard:
            embed_world(court.landed, court.scratch, court.snapshot_id, hearing.text)
            for witness in heard:
                n_rows, differences = hear(court, witness, hearing.text, day, night=night)
                _refuse(differences, trial.world)
                rows[f"frames of {witness.family.name}"] += n_rows
    return dict(rows)


def _is_heard(witness: Witness, trial: Trial, court: Court) -> bool:
    if trial.is_of_cuts:
        return any(claim.cut and witness.family.feature_view == f"{FEATURES}.{claim.table}" for claim in trial.claims)
    return trial.has_features and witness.speaks_of(trial.world.cut, court.night)


def _refuse(differences: Sequence[Difference], world: World) -> None:
    if not differences:
        return
    first, *others = differences
    names = sorted({other.table for other in others} - {first.table})
    more = f" {', '.join(names)} moved as well." if names else ""
    raise LeakFound(
        f"Got {first}: built from {world}, where only what that date may know is left as it was.{more} "
        "Find in how it is made what is not cut at the date, by when it happened and by when it arrived."
    )
