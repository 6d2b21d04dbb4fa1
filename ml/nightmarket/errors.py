"""What can go wrong, named. Every message says what was got, what was expected and what to do.

Each error subclasses ``NightmarketError`` (so the command line can print it without a traceback
and exit with ``EXIT_REFUSED``) and a builtin (so library callers can catch what they expect).
"""

from __future__ import annotations

from typing import ClassVar

EXIT_REFUSED = 2
"""Exit code of a command that refused its input and left everything as it was."""

EXIT_BUSY = 75
"""Exit code of a command that found the warehouse held by another process: the one refusal that waiting mends."""

EXIT_NOTHING_TO_DO = 99
"""Exit code of a command that was asked to act only if needed, and was not needed (Airflow: skipped)."""


class NightmarketError(Exception):
    """Base of every error a user can mend. Never raised itself."""

    exit_code: ClassVar[int] = EXIT_REFUSED


class InvalidSetting(NightmarketError, ValueError):
    """A setting has a value that cannot be used."""


class UnknownSource(NightmarketError, ValueError):
    """The configured source has no adapter."""


class SourceUnreadable(NightmarketError, FileNotFoundError):
    """The source's folder or file is not there, or cannot be read."""


class ContractBroken(NightmarketError, ValueError):
    """A table of the source lacks a column, has a wrong type, or holds too many bad rows."""


class DateOutsideData(NightmarketError, ValueError):
    """The as_of_date lies in the future of the source, or before its first usable night."""


class SourceStale(NightmarketError, RuntimeError):
    """A scheduled night found its source behind the shop's calendar."""


class SnapshotMissing(NightmarketError, LookupError):
    """A step named a snapshot that was never landed, or whose files changed since."""


class HeadMoved(NightmarketError, RuntimeError):
    """A load that was checked builds on a history that another load has moved on since."""


class StepMissing(NightmarketError, LookupError):
    """A step needs the result of an earlier step of the same night."""


class WarehouseLocked(NightmarketError, BlockingIOError):
    """Another process holds the warehouse's writer lock."""

    exit_code = EXIT_BUSY


class WarehouseDamaged(NightmarketError, OSError):
    """The warehouse file cannot be opened."""


class TransformFailed(NightmarketError, RuntimeError):
    """dbt ended with an error."""


class EncoderUnusable(NightmarketError, ValueError):
    """The encoder folder is not a BERT-family model that can be run."""


class SuiteInvalid(NightmarketError, ValueError):
    """A file in ``expectations/`` is missing or does not say all that it must."""


class CheckFailed(NightmarketError, AssertionError):
    """An expectation with severity ``stop`` does not hold."""


class LeakFound(NightmarketError, AssertionError):
    """A feature, label, text profile or score knows something that came after the instant it is cut at."""


class NoChampion(NightmarketError, LookupError):
    """No registered model may score this night."""


class ModelCorrupted(NightmarketError, ValueError):
    """A model's files do not match the hashes in its manifest."""


class UnknownFamily(NightmarketError, ValueError):
    """There is no family of that name."""


class ForecastUnusable(NightmarketError, ValueError):
    """A forecast lacks weeks, is not finite, or its quantiles cross."""


class UnknownDecision(NightmarketError, ValueError):
    """There is no decision of that name."""


class FamilyNameUnusable(NightmarketError, ValueError):
    """A new family cannot have this name, or something of that name is there already."""


class CheckoutMissing(NightmarketError, FileNotFoundError):
    """A command that writes source files was not run from a checkout."""


class TrainingRefused(NightmarketError, ValueError):
    """There is too little closed history, or too few examples, to train on."""


class PanelUnusable(NightmarketError, ValueError):
    """What is to be forecast has no sale, or its arrays do not fit each other."""


class CampaignNotMeasurable(NightmarketError, ValueError):
    """A campaign has not ended, or nothing was held out against which it could be measured.

    ``plain`` says why to who reads the morning report, where the campaign's name stands before it.
    """

    def __init__(self, message: str, *, plain: str | None = None) -> None:
        super().__init__(message)
        self.plain = message if plain is None else plain


class TrialUnusable(NightmarketError, ValueError):
    """A trial lacks an arm, units, responses or a column that measuring it needs."""


class DecisionUnsolved(NightmarketError, RuntimeError):
    """A policy's optimisation ended without the best choice within its limits."""


class PublishRefused(NightmarketError, RuntimeError):
    """What is staged was not checked, or changed after its check."""


class NothingPublished(NightmarketError, LookupError):
    """The serving store holds no published night yet."""


class ServingMoved(NightmarketError, FileNotFoundError):
    """The serving store's views point at a place where its files no longer are."""


class QueryFailed(NightmarketError, ValueError):
    """A SQL statement on the serving store is wrong, or is not one that reads."""
