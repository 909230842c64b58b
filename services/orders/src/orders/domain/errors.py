"""What orders refuses; each class's docstring is the message people read."""

from __future__ import annotations

from chassis.kernel import Code, DomainError


class UnknownProduct(DomainError):
    """There is no such product."""

    code = Code.NOT_FOUND


class ProductNotForSale(DomainError):
    """The product is withdrawn or not on sale yet."""


class ProductWithoutSize(DomainError):
    """The product has no weight or size, so it cannot be shipped."""


class SellerNotSelling(DomainError):
    """The seller is suspended or has no pickup point yet."""


class SessionNotLive(DomainError):
    """The livestream session has not started, or was stopped."""


class PriceChanged(DomainError):
    """The price is not the one the buyer was shown."""


class ChannelOrderTaken(DomainError):
    """Another caller placed an order under this channel and this channel_order_id."""

    code = Code.ALREADY_EXISTS


class ChannelOrderChanged(DomainError):
    """An order for something else was placed under this channel and this channel_order_id."""

    code = Code.ALREADY_EXISTS


class CountryNotServed(DomainError):
    """The country is not yet served."""

    code = Code.INVALID_ARGUMENT


class AlreadyDelivered(DomainError):
    """A part of the order is with the buyer; it can be returned, not cancelled."""
