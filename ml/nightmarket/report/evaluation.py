"""How a head of a model was tested, as frozen data; a part that was not measured is simply not there."""

from __future__ import annotations

from dataclasses import dataclass

from nightmarket.report.metric_names import KNOWN_METRICS, WITHOUT_DIRECTION


@dataclass(frozen=True)
class Metric:
    """One metric of the tested fit with its 95 % interval, and the baseline's value beside it.

    ``gain_low`` and ``gain_high`` are the paired interval of how much better it is than the baseline.
    """

    name: str
    label: str
    meaning: str
    more_is_better: bool
    value: float
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None

    @property
    def beats_baseline(self) -> bool | None:
        """True or False where the paired gain lies wholly on one side of 0, else None: not known."""
        if self.gain_low is None or self.gain_high is None or self.gain_low <= 0 <= self.gain_high:
            return None
        return None if self.name in WITHOUT_DIRECTION else self.gain_low > 0


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of similar probability: what was forecast and what happened, both in [0, 1]."""

    forecast: float
    outcome: float
    n: int


@dataclass(frozen=True)
class LiftPoint:
    """The best ``share_of_rows`` of the ranking, and the share of all that happened (of all purchases) in it."""

    share_of_rows: float
    share_of_purchases: float

    @property
    def lift(self) -> float:
        """How many times more purchases than in as many rows drawn blindly."""
        return self.share_of_purchases / self.share_of_rows


@dataclass(frozen=True)
class FeatureShare:
    """How much of the model's total importance one feature has, in [0, 1]."""

    feature: str
    share: float

    @property
    def group(self) -> str:
        """What the feature is of: the part before the two underscores, such as ``pair``, else ``other``."""
        prefix, _, rest = self.feature.partition("__")
        return prefix if rest else "other"


@dataclass(frozen=True)
class Rival:
    """A recipe that stood in the tournament, by the metric of the gate with its 95 % interval."""

    recipe: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """The tested fit of one head's recipe. Empty parts were not measured."""

    recipe: str | None = None
    baseline: str | None = None
    reason: str | None = None
    n_rows: int | None = None
    base_rate: float | None = None
    threshold: float | None = None
    gate_metric: str | None = None
    metrics: tuple[Metric, ...] = ()
    rivals: tuple[Rival, ...] = ()
    """Every recipe of the tournament, the best first."""
    reliability: tuple[ReliabilityBin, ...] = ()
    lift: tuple[LiftPoint, ...] = ()
    lift_of_baseline: tuple[LiftPoint, ...] = ()
    importance: tuple[FeatureShare, ...] = ()
    splits: tuple[tuple[str, str], ...] = ()

    @property
    def headline(self) -> Metric | None:
        """The metric that the gate asked."""
        return next((metric for metric in self.metrics if metric.name == self.gate_metric), None)

    @property
    def gate_label(self) -> str:
        """What the gate's metric is called."""
        return KNOWN_METRICS[self.gate_metric][0] if self.gate_metric in KNOWN_METRICS else "Gate metric"
