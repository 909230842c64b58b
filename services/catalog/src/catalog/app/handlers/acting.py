"""Who may act for whom: a seller's credential acts for that seller only."""

from __future__ import annotations

from catalog.domain.errors import NotYourSeller


def require_acting_for(seller_id: str, acting_seller_id: str) -> None:
    """Raises NotYourSeller if the caller is another seller; an empty `acting_seller_id` acts for all."""
    if acting_seller_id not in ("", seller_id):
        raise NotYourSeller(seller_id=seller_id)
