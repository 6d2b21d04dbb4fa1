"""The morning report as one self-contained page: no script, font or image from anywhere.

The one script that it holds sorts the table of orders, which is read without it too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nightmarket.decisions.exact import exact_percent, exact_units
from nightmarket.report import bands, charts, curves, decision_words, wording
from nightmarket.report.content import NightReport
from nightmarket.report.movers import stability_index

FOLDER = Path(__file__).parent


def render_report(report: NightReport) -> str:
    """Return the page. Everything that came from data is escaped."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        amount=wording.amount_text,
        capital=lambda words: words[:1].upper() + words[1:],
        chance=wording.chance,
        count=lambda value: f"{value:,}",
        cover=_cover,
        day=_day,
        decimals=lambda value, n=2: f"{value:,.{n}f}",
        long_day=_long_day,
        money=decision_words.money,
        exact_pct=lambda share: f"{exact_percent(share)}%",
        exact_units=exact_units,
        pct=wording.percent,
        seconds=_seconds,
        short=lambda value: str(value)[:12],
        signed=wording.signed,
        units=decision_words.units,
        words=lambda name: str(name).replace("__", " ").replace("_", " "),
    )
    environment.globals.update(
        draw_distribution=_markup(charts.draw_distribution),
        draw_gains=_markup(curves.draw_gains),
        draw_history=_markup(charts.draw_history),
        draw_interval=_markup(charts.draw_interval),
        draw_outlook=_markup(bands.draw_outlook),
        draw_promises=_markup(curves.draw_promises),
        draw_reliability=_markup(curves.draw_reliability),
        figure=_figure,
        pairwise=pairwise,
        point_near=curves.point_near,
        say_next_unit=decision_words.say_next_unit,
        say_result=decision_words.say_result,
        say_value_basis=decision_words.say_value_basis,
        stability_index=stability_index,
        style=Markup((FOLDER / "page" / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
    )
    return environment.get_template("report.html.j2").render(night=report) + "\n"


def _markup(draw: Callable[..., str]) -> Callable[..., Markup]:
    """Mark a chart as markup; charts escape the text that they are given."""

    def drawn(*arguments: Any, **options: Any) -> Markup:
        return Markup(draw(*arguments, **options))  # noqa: S704

    return drawn


def _figure(value: float | None) -> Markup:
    """Open the cell of a figure, with what the table is sorted by."""
    given = "" if value is None else f"{value:.6g}"
    return Markup(f'<td class="n" data-value="{given}">')  # noqa: S704 - a number


def _cover(days: float) -> str:
    if days >= 3650:
        return "over 10 years"
    return "1 day" if round(days) == 1 else f"{days:,.0f} days"


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _long_day(value: date) -> str:
    return f"{value:%A}, {value.day}\N{NO-BREAK SPACE}{value:%B}\N{NO-BREAK SPACE}{value:%Y}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "not recorded"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {value % 60:.0f} s"
