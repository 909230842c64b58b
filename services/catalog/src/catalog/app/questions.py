"""What catalog can be asked, besides things by their id."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Products in the order of their ids, after one, at most so many; empty filters let everything through."""

    seller_id: str
    commune_code: str
    ocop_only: bool
    include_withdrawn: bool
    after_product_id: str
    limit: int
