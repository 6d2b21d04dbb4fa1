"""Features that numpy derives better than SQL, from rows that were cut at one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightmarket.modeling.affinity import affinity_columns
from nightmarket.modeling.frames import Frame
from nightmarket.modeling.intent.demand import demand_columns
from nightmarket.modeling.intent.text_demand import text_codes, text_demand_columns
from nightmarket.modeling.intent.timeline import read_timeline
from nightmarket.modeling.intent.windows import closed_windows
from nightmarket.modeling.text_features import text_columns
from nightmarket.text.profiles import Projection

if TYPE_CHECKING:
    from nightmarket.families.base import Inputs


def derive_features(frame: Frame, inputs: Inputs, projection: Projection, n_text_columns: int) -> Frame:
    """Return ``frame`` with its affinity, demand and text columns.

    Parameters
    ----------
    projection : the reduced space of texts
    n_text_columns : the first so many of its components are features themselves
    """
    timeline = read_timeline(inputs.order_lines(frame.as_of_date), frame)
    windows = closed_windows(timeline)
    hashes, vectors = inputs.text_vectors()
    codes = text_codes(timeline, inputs.products(frame.as_of_date), hashes)
    texts = timeline.events(codes, max(len(vectors), 1))
    positions = projection.transform(vectors)
    main = Projection(projection.mean, projection.components[:n_text_columns])
    return (
        frame.with_columns(affinity_columns(frame))
        .with_columns(demand_columns(frame, timeline, windows))
        .with_columns(text_columns(frame, inputs.text_rows(frame), main))
        .with_columns(text_demand_columns(frame, timeline, windows, texts=texts, positions=positions))
    )
