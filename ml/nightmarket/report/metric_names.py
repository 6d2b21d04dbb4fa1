"""What the report calls each metric, what it means, and whether more of it is better."""

from __future__ import annotations

KNOWN_METRICS: dict[str, tuple[str, str, bool]] = {
    "average_precision": ("Average precision", "How pure the top of the ranking is, over all depths.", True),
    "new_pair_average_precision": ("Average precision, never bought", "The same on pairs never bought before.", True),
    "roc_auc": ("AUC", "Chance that a row where it happens ranks above one where it does not.", True),
    "ndcg_at_10": ("nDCG at 10", "How high in each customer's first ten the right ones stand.", True),
    "capped_ndcg_at_10": ("nDCG at 10, capped", "The same, held against a list of no more than ten.", True),
    "recall_at_10": ("Recall at 10", "Share of what was bought that stood in the first ten.", True),
    "hit_rate_at_10": ("Hit rate at 10", "Customers with at least one right in the first ten.", True),
    "repeat_recall_at_10": ("Recall at 10, bought before", "The part of it that the customer had bought before.", True),
    "explore_recall_at_10": ("Recall at 10, never bought", "The part of it that was new for the customer.", True),
    "wape": ("WAPE", "Sum of the absolute errors over the sum of the amounts.", False),
    "mae": ("Mean absolute error", "By how much a forecast is off, on average.", False),
    "bias": ("Bias", "Sum of forecasts over sum of amounts, minus 1; best at 0.", False),
    "spearman": ("Rank correlation", "Whether those expected to be greater are greater.", True),
    "coverage_80": ("Inside the 80% interval", "Share of the amounts within their interval; best at .8.", True),
    "brier": ("Brier score", "Mean squared gap of probability and outcome.", False),
    "ece": ("Calibration error", "Mean gap of forecast and outcome over 20 bins.", False),
    "precision": ("Precision", "Of the rows called yes, where it happens.", True),
    "recall": ("Recall", "Of the rows where it happens, those called yes.", True),
    "f1": ("F1", "Harmonic mean of precision and recall.", True),
    "accuracy": ("Accuracy", "Rows called right; where it is rare, most are a plain no.", True),
}
"""In the order in which they are shown; the names are those of ``modeling/metrics``."""

WITHOUT_DIRECTION = frozenset({"bias", "coverage_80"})
"""Best at a value in between: a gain of them over the baseline is neither better nor worse."""
