"""Features that numpy derives better than SQL, from rows that were cut at one instant."""

from __future__ import annotations

from nightmarket.modeling.affinity import affinity_columns
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.text_features import TextRows, text_columns
from nightmarket.text.profiles import Projection


def derive_features(frame: Frame, rows: TextRows, projection: Projection) -> Frame:
    """Return ``frame`` with its affinity and text columns."""
    return frame.with_columns(affinity_columns(frame)).with_columns(text_columns(frame, rows, projection))
