"""A replay as text and as a drawing: plain values in, text and SVG out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightmarket.report.svg import drawing, element, line, text

WIDTH, HEIGHT = 520, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 150, 24, 48

_STYLE = (
    ".axis,.tick{font:12px sans-serif;fill:#555}.grid{stroke:#ddd}.plan{fill:#1b6ca8}.other{fill:#b4531f}"
    ".matched{fill:none;stroke:#1b6ca8;stroke-width:2}"
)


def render_replay(results: Mapping[str, Any]) -> str:
    """Return the table of a replay."""
    rows = [(name, one) for name, one in results["policies"].items()]
    rows += [(f"plan, stock of {name}", one) for name, one in results["matched"].items()]
    lines = [
        f"{results['weeks']} weeks from {results['first_review']}, {results['products']} products, lead time "
        f"{results['lead_time_days']} days, review every {results['review_period_days']} days",
        f"{'policy':<28}{'fill rate':>10}{'lost units':>12}{'mean stock':>12}{'orders':>9}{'cost':>12}",
    ]
    lines += [
        f"{name:<28}{100 * one['fill_rate']:>9.2f}%{one['lost_units']:>12,.0f}{one['mean_stock_units']:>12,.0f}"
        f"{one['n_orders']:>9,}{one['cost_amount']:>12,.2f}"
        for name, one in rows
    ]
    for name, difference in results["differences"].items():
        for words, key in (
            (f"plan less {name}, stock of {name}", "at_its_stock"),
            (f"plan less {name}", "at_own_level"),
        ):
            one = difference[key]
            lines.append(f"{words}: {one['lost_units']:+,.0f} lost units [{one['low']:+,.0f}, {one['high']:+,.0f}]")
    return "\n".join([*lines, "Assumed: " + "; ".join(results["assumptions"]) + "."])


def draw_replay(results: Mapping[str, Any]) -> str:
    """Draw every policy at its average stock and its lost units; nearer to the corner is better."""
    points = [(name, one, "plan" if name == "plan" else "other") for name, one in results["policies"].items()]
    points += [(f"plan, stock of {name}", one, "matched") for name, one in results["matched"].items()]
    most_stock = max(one["mean_stock_units"] for _, one, _ in points) * 1.1 or 1.0
    most_lost = max(one["lost_units"] for _, one, _ in points) * 1.1 or 1.0
    marks = [element("style", _STYLE)]
    for i in range(5):
        x = LEFT + (WIDTH - LEFT - RIGHT) * i / 4
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * i / 4
        marks.append(line(LEFT, y, WIDTH - RIGHT, y, class_="grid"))
        marks.append(text(LEFT - 6, y + 4, f"{most_lost * i / 4:,.0f}", class_="tick", text_anchor="end"))
        marks.append(text(x, HEIGHT - BOTTOM + 16, f"{most_stock * i / 4:,.0f}", class_="tick", text_anchor="middle"))
    for name, one, kind in points:
        x = LEFT + (WIDTH - LEFT - RIGHT) * one["mean_stock_units"] / most_stock
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * one["lost_units"] / most_lost
        marks.append(element("circle", cx=float(x), cy=float(y), r=5.0, class_=kind))
        marks.append(text(x + 9, y + 4, name, class_="tick"))
    marks.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "average stock, units", class_="axis"))
    marks.append(text(LEFT, TOP - 8, "lost units", class_="axis", text_anchor="middle"))
    drawn = drawing(WIDTH, HEIGHT, "Lost units against average stock of each policy", marks)
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
