"""The reorder plan as those read it who ask for a product wherever it lies."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

SUPPLIED = "supplied_places_units"


def whole_products(plan: pa.Table) -> pa.Table:
    """Return ``decisions.reorder_plan`` with each product that a warehouse supplies in the warehouse's row alone.

    That row plans for all places already; what they hold is added to what is on hand. The rows of the places it
    supplies are left out: a store that runs out while the warehouse is full is no reason to stop selling.
    """
    supplies = pc.is_valid(plan[SUPPLIED])
    if not pc.any(supplies).as_py():
        return plan
    of_supplied = pc.is_in(plan["product_id"], value_set=pc.unique(plan["product_id"].filter(supplies)))
    on_hand = pc.add(plan["on_hand_units"], pc.fill_null(plan[SUPPLIED], 0.0))
    plan = plan.set_column(plan.schema.get_field_index("on_hand_units"), "on_hand_units", on_hand)
    return plan.filter(pc.or_(supplies, pc.invert(of_supplied)))
