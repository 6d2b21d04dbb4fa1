"""The one typed settings object. Nothing else reads the environment.

Every field is set by ``NIGHTMARKET_<NAME>`` in the environment or in ``.env`` at the project's
root; ``.env.example`` is generated from this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nightmarket.errors import InvalidSetting

PROJECT_DIR = Path(__file__).resolve().parents[2]

LIBRARIES_OFFLINE: Mapping[str, str] = MappingProxyType(
    {
        "DO_NOT_TRACK": "1",  # dbt
        "GX_ANALYTICS_ENABLED": "false",
        "HF_HUB_OFFLINE": "1",  # the tokenizer is read from a folder
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # A LightGBM thread that waits gives up its core: beside another process, a fit took 12 s instead of 75 s.
        "OMP_WAIT_POLICY": "passive",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",  # it misses torch, which nothing here needs
    }
)
"""What keeps the libraries off the network, silent, away from pickles and patient. There is no other place for it."""


class Settings(BaseSettings):
    """How this installation is set up. Immutable for the life of a process."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTMARKET_",
        env_file=PROJECT_DIR / ".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    source: str = Field(
        "complete_journey",
        description="Where the shop's tables come from: `complete_journey` (the demo) or `files`.",
    )
    source_path: Path | None = Field(None, description="Folder of CSV or Parquet exports. Read by the source `files`.")
    timezone: str | None = Field(
        None,
        description="The shop's time zone, as an IANA name. Empty: what the source says (`files`: UTC).",
    )
    currency: str | None = Field(
        None,
        description="The shop's currency, as an ISO 4217 code. Empty: what the source says.",
    )
    var_dir: Path = Field(
        PROJECT_DIR / "var",
        description="Everything a run makes: warehouse, serving store, models, reports, logs.",
    )
    mlflow_database: SecretStr | None = Field(
        None,
        description="URL of the database where MLflow keeps runs and versions, such as "
        "postgresql+psycopg2://user:password@host/mlflow. Empty: SQLite in var.",
    )
    quarantine_limit_pct: float = Field(
        1.0, ge=0, le=100, description="Percent of a table's rows that may be quarantined before the night stops."
    )
    late_lookback_days: int = Field(
        400, ge=0, description="How many days back a night accepts late facts; later ones are counted, not used."
    )
    encoder_dir: Path | None = Field(
        None,
        description="Folder of any BERT-family encoder (config, tokenizer, safetensors). Empty: all-MiniLM-L6-v2.",
    )
    encoder_precision: Literal["auto", "bf16", "f32"] = Field(
        "auto", description="Arithmetic of the encoder. `auto`: bf16 where the CPU has it, f32 elsewhere."
    )
    top_k_categories: int | None = Field(
        None, ge=1, description="Publish only the K most probable categories of each customer. Empty: all."
    )
    decision_threshold: float = Field(
        0.3, gt=0, lt=1, description="Probability from which a yes is counted in accuracy, precision, recall and F1."
    )
    lead_time_days: int = Field(
        7, ge=1, description="Days from order to shelf where `inventory` does not say (or says 0)."
    )
    review_period_days: int = Field(7, ge=1, le=28, description="Days between two looks at what to order.")
    service_level_a: float = Field(
        0.98, gt=0.5, lt=1, description="Probability of not running out in an order cycle, for products of class A."
    )
    service_level_b: float = Field(0.95, gt=0.5, lt=1, description="The same for class B.")
    service_level_c: float = Field(0.90, gt=0.5, lt=1, description="The same for class C.")
    holding_cost_pct: float = Field(
        25.0, gt=0, le=100, description="What keeping a unit for a year costs, in percent of its cost, where not given."
    )
    cost_per_contact_amount: float = Field(
        0.5, ge=0, description="What contacting a customer costs where a campaign's plan does not say."
    )
    margin_pct: float = Field(
        30.0, gt=0, le=100, description="Percent of a sale that the shop keeps, where a campaign's plan does not say."
    )
    response_rate_pct: float = Field(
        5.0,
        gt=0,
        lt=100,
        description="Percent of contacts taken to be answered where neither a model nor earlier campaigns say.",
    )
    contact_cap: int = Field(2, ge=1, description="How often a customer is contacted in 28 days at most.")
    holdout_pct: float = Field(
        10.0,
        gt=0,
        lt=100,
        description="Percent of each campaign's customers who are held out at random, so that it can be measured.",
    )
    holdout_salt: str = Field(
        "nightmarket",
        min_length=1,
        description="Decides, with customer and campaign, who is held out. Changing it deals everybody anew.",
    )
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, description="Threads for DuckDB, LightGBM and the encoder."
    )
    warehouse_memory: str = Field(
        "2GB",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
        description="DuckDB's memory limit in the warehouse, such as 2GB; beyond it, it spills to var.",
    )
    generations_to_keep: int = Field(
        7, ge=2, description="Serving-store generations kept for readers that still hold an old one."
    )

    @field_validator("source_path", "var_dir", "encoder_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().resolve() if value is not None else None

    @property
    def project_dir(self) -> Path:
        """Root of the checkout: where `dbt_project/` and `expectations/` are."""
        return PROJECT_DIR

    @property
    def warehouse_path(self) -> Path:
        return self.var_dir / "warehouse.duckdb"

    @property
    def landing_dir(self) -> Path:
        return self.var_dir / "landing"

    @property
    def serving_dir(self) -> Path:
        return self.var_dir / "serving"

    @property
    def nights_dir(self) -> Path:
        return self.var_dir / "nights"

    @property
    def reports_dir(self) -> Path:
        return self.var_dir / "reports"

    @property
    def mlflow_dir(self) -> Path:
        return self.var_dir / "mlflow"


def keep_libraries_offline() -> None:
    """Set ``LIBRARIES_OFFLINE`` for this process and its children; most libraries read it when they are imported."""
    os.environ.update(LIBRARIES_OFFLINE)
    # OpenVINO tells Google Analytics of each import, unless CI=true or this package of its is missing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InvalidSetting
        A variable has a value that does not fit; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "NIGHTMARKET_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidSetting(
            f"Got {name}={first['input']!r} but {first['msg'][0].lower()}{first['msg'][1:]}. "
            "Set it in the environment or in .env; .env.example describes every setting."
        ) from error
