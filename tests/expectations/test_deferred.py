"""What Great Expectations imports and no suite uses stays out of the process until it is used."""

from __future__ import annotations

import subprocess
import sys

_LOADED = """
import sys
from nightmarket.quality import great_expectations_duckdb
before = [name for name in ("altair.vegalite", "scipy.stats._stats_py") if name in sys.modules]
from great_expectations.expectations.core import expect_column_kl_divergence_to_be_less_than as divergence
print(before, float(divergence.stats.entropy([0.5, 0.5])) > 0.69, divergence.alt.Chart.__name__)
from scipy import stats
import altair
print(type(stats).__name__, type(altair).__name__)
"""


def test_what_no_suite_uses_is_imported_at_its_first_use() -> None:
    ended = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines() == ["[] True Chart", "module module"], ended.stderr
