"""Who is held out: a lot drawn by SHA-256 from a salt, the customer and the campaign.

The lot is the same on every night and machine and needs no list to be kept: who is held out today is held out
tomorrow, and anybody who knows the salt can draw it again. It knows nothing of the customer, and the lots of two
campaigns have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from nightmarket.decisions.exact import exact_percent
from nightmarket.errors import InvalidSetting


@dataclass(frozen=True)
class Lots:
    """One row per pair of customer and campaign, each uniform on [0, 1).

    Attributes
    ----------
    holdout : below the campaign's share, the pair is held out
    tie : settles which of two pairs of equal value goes first
    """

    holdout: NDArray[np.float64]
    tie: NDArray[np.float64]


def draw_lots(salt: str, customer_ids: Sequence[str], campaign_ids: Sequence[str]) -> Lots:
    """Draw the lots of pairs; both sequences have one entry per pair."""
    digests = b"".join(
        # With its length before it, no part can be mistaken for a piece of its neighbour.
        sha256(f"{len(salt)}:{salt}{len(customer)}:{customer}{len(campaign)}:{campaign}".encode()).digest()
        for customer, campaign in zip(customer_ids, campaign_ids, strict=True)
    )
    words = np.frombuffer(digests, dtype=">u8").reshape(-1, 4)
    # 53 bits are what a double holds exactly.
    uniform = (words[:, :2] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return Lots(holdout=uniform[:, 0], tie=uniform[:, 1])


def validate_share(share: float, campaign_id: str) -> float:
    """Return a share that leaves somebody to contact and somebody to compare with.

    Raises
    ------
    InvalidSetting
        It is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise InvalidSetting(
            f"Got a holdout of {exact_percent(share)} % for campaign {campaign_id!r} but expected more than 0 and less "
            "than 100: without a holdout nothing says what a campaign brought, and with all held out there is none. "
            "Set holdout_pct in campaign_plans, or NIGHTMARKET_HOLDOUT_PCT."
        )
    return share
