"""What catalog refuses; each class's first line is the message and its name the reason."""

from __future__ import annotations

from chassis.kernel import Code, DomainError


class SellerExists(DomainError):
    """A seller with this id is registered already."""

    code = Code.ALREADY_EXISTS


class ProductExists(DomainError):
    """A product with this id is on sale already, or belongs to another seller."""

    code = Code.ALREADY_EXISTS


class SessionExists(DomainError):
    """A livestream session with this id was started already."""

    code = Code.ALREADY_EXISTS


class OfferExists(DomainError):
    """The session offers this product already."""

    code = Code.ALREADY_EXISTS


class PointTaken(DomainError):
    """The pickup point is known as another place; only its first seller or an operator moves it."""

    code = Code.ALREADY_EXISTS


class NotYourSeller(DomainError):
    """The caller may not act for this seller."""

    code = Code.PERMISSION_DENIED


class NotYourCommune(DomainError):
    """An officer may look at their own commune only."""

    code = Code.PERMISSION_DENIED


class OperatorOnly(DomainError):
    """Only an operator may do this."""

    code = Code.PERMISSION_DENIED


class SellerNotActive(DomainError):
    """The seller is suspended."""


class SellerNotSuspended(DomainError):
    """The seller is not suspended."""


class NotForSale(DomainError):
    """The product is withdrawn."""


class TooManyPriceChanges(DomainError):
    """The price changed too often in too short a time."""


class StockVersionMismatch(DomainError):
    """The stock changed since it was counted; look again and state the level anew."""


class CountedBelowHeld(DomainError):
    """Fewer pieces were counted than are held for orders."""


class HostNotVerified(DomainError):
    """The host's identity is not verified, or its verification has ended."""


class SessionEnded(DomainError):
    """The livestream session is over."""


class SellerNotInSession(DomainError):
    """The product's seller does not take part in the session."""


class TooManyOffers(DomainError):
    """The product, or the session, has too many offers."""
