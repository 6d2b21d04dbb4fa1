"""Data Docs: pages that say what was expected, why, and what was observed.

Great Expectations' own site builder is not used: each of its pages loads scripts, styles and a
picture from seven hosts (so it is bare offline and calls out when it is opened), and writing its
sentences costs 15 ms per expectation, more than validating most of them. These are self-contained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape

from nightmarket.quality.outcomes import (
    FAILED,
    NOT_APPLICABLE,
    NOT_PROVIDED,
    PASSED,
    WARNED,
    Outcome,
    SuiteOutcome,
    verdict_of,
)
from nightmarket.quality.tables import BORDERS, relation_of

_BORDER_SAYS = {
    "landed": "What lands: the shop's tables, before anything is built on them.",
    "features": "What the model eats: the features of the night and of its training origins.",
    "scores": "What is decided on and published: the staged scores, before anyone can read them.",
    "decisions": "What is done in the morning: the staged decisions, before anyone can read them.",
}
_ORDER = (FAILED, WARNED, NOT_APPLICABLE, PASSED, NOT_PROVIDED)
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2230;--soft:#667085;--line:#e3e6ec;--card:#fff;--back:#f6f7f9}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#98a1b3;--line:#2c3342;--card:#171c27;--back:#0f131b}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1100px;margin:0 auto;padding:32px 20px 64px}a{color:inherit}h1{font-size:26px;margin:4px 0}
h2{font-size:18px;margin:32px 0 4px}.soft{color:var(--soft)}.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);margin-top:12px}
th,td{text-align:left;vertical-align:top;padding:9px 12px;border-top:1px solid var(--line)}
th{font-size:12px;color:var(--soft);font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{font-size:12px;color:var(--soft)}.b{display:inline-block;padding:1px 9px;border-radius:99px;font-size:12px;
font-weight:600;white-space:nowrap;color:#fff;background:#667085}.passed{background:#1b7f4d}.warned{background:#a66300}
.failed{background:#c0342b}
"""


def render_suite(suite: SuiteOutcome, *, as_of: str, snapshot_id: str) -> str:
    """Return the page of one table at one border: worst first, guards before the rest among equals."""
    head = (
        f'<p class="soft"><a href="index.html">Night of {escape(as_of)}</a> · {escape(suite.border)} · '
        f"snapshot <code>{escape(snapshot_id)}</code></p>"
        f"<h1>{_name(suite)} {_badge(suite.status)}</h1><p>{escape(suite.about)}</p>"
    )
    if not suite.outcomes:
        return _page(f"{suite.name}: not provided", head + "<p>The source has no such table; nothing was checked.</p>")
    rows = "".join(_row(one) for one in sorted(suite.outcomes, key=lambda one: _ORDER.index(one.status)))
    return _page(
        f"{suite.name}: {suite.status}",
        f"{head}<p>{_counts(suite.outcomes)}</p>"
        '<div class="scroll"><table><tr><th>Verdict</th><th>Expected</th><th>Observed</th><th>Why it matters</th></tr>'
        f"{rows}</table></div>",
    )


def render_night(suites: Iterable[SuiteOutcome], *, as_of: str) -> str:
    """Return the index of one night, by border."""
    found = sorted(suites, key=lambda suite: suite.name)
    parts = [
        '<p class="soft"><a href="../index.html">All nights</a></p>'
        f"<h1>Night of {escape(as_of)} {_badge(verdict_of(tuple(found)))}</h1>"
    ]
    for border in BORDERS:
        of_border = [suite for suite in found if suite.border == border]
        if not of_border:
            continue
        rows = "".join(
            f'<tr><td>{_badge(suite.status)}</td><td><a href="{escape(suite.page)}">{_name(suite)}</a></td>'
            f"<td>{_counts(suite.outcomes)}</td></tr>"
            for suite in sorted(of_border, key=lambda suite: (_ORDER.index(suite.status), suite.name))
        )
        parts.append(
            f'<h2>{escape(border)}</h2><div class="soft">{escape(_BORDER_SAYS[border])}</div>'
            '<div class="scroll"><table><tr><th>Verdict</th><th>Table</th><th>Expectations</th></tr>'
            f"{rows}</table></div>"
        )
    return _page(f"Data quality, night of {as_of}", "".join(parts))


def render_index(nights: dict[str, str]) -> str:
    """Return the index of all nights: as_of_date → verdict, newest first."""
    rows = "".join(
        f'<tr><td>{_badge(verdict)}</td><td><a href="{escape(as_of)}/index.html">{escape(as_of)}</a></td></tr>'
        for as_of, verdict in sorted(nights.items(), reverse=True)
    )
    return _page(
        "Data quality, all nights",
        "<h1>Data quality, all nights</h1><p>What had to hold at the borders of each night, why, and what was observed."
        f'</p><div class="scroll"><table><tr><th>Verdict</th><th>Night</th></tr>{rows}</table></div>',
    )


def _row(outcome: Outcome) -> str:
    severity = "stops the night" if outcome.severity == "stop" else "warns"
    return (
        f'<tr><td>{_badge(outcome.status)}<div class="soft">{severity}</div></td>'
        f"<td>{escape(outcome.expects)}<br><code>{escape(outcome.type)}</code></td>"
        f"<td>{escape(outcome.observed)}</td><td>{escape(outcome.why)}</td></tr>"
    )


def _name(suite: SuiteOutcome) -> str:
    return escape(relation_of(suite.border, suite.table))


def _badge(status: str) -> str:
    return f'<span class="b {status if " " not in status else ""}">{escape(status)}</span>'


def _counts(outcomes: tuple[Outcome, ...]) -> str:
    counts = Counter(outcome.status for outcome in outcomes)
    return ", ".join(f"{counts[status]} {status}" for status in _ORDER if counts[status]) or "–"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><main>{body}</main></html>\n"
    )
