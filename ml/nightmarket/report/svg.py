"""Small pieces of SVG: text that is escaped, numbers that are short, axes that are quiet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def number(value: float) -> str:
    """Return a coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """Return ``<name …>content</name>``; ``content`` is markup, attribute values are escaped.

    An underscore in an attribute's name becomes a hyphen, and a trailing one is dropped (``class_``).
    """
    parts = []
    for key, value in attributes.items():
        text = number(value) if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text, quote=True)}"')
    return f"<{name}{''.join(parts)}>{content}</{name}>" if content else f"<{name}{''.join(parts)}/>"


def text(x: float, y: float, content: str, /, **attributes: object) -> str:
    """Return a text at a point; ``content`` is escaped."""
    return element("text", escape(content), x=float(x), y=float(y), **attributes)


def drawing(width: int, height: int, title: str, marks: Iterable[str]) -> str:
    """Return an ``<svg>`` that scales with its place and says in words what it shows."""
    return element(
        "svg",
        f"<title>{escape(title)}</title>" + "".join(marks),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
        class_="chart",
    )


def polyline(points: Sequence[tuple[float, float]], /, **attributes: object) -> str:
    return element("polyline", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), **attributes)


def polygon(points: Sequence[tuple[float, float]], /, **attributes: object) -> str:
    return element("polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in points), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, /, **attributes: object) -> str:
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)
