"""What callers can be refused; each docstring is the message they read."""

from chassis.kernel import Code, DomainError


class NotYourParcel(DomainError):
    """The parcel holds no goods of this seller."""

    code = Code.PERMISSION_DENIED


class NotYourCommune(DomainError):
    """An officer may speak for their own commune and its roads only."""

    code = Code.PERMISSION_DENIED


class ParcelClosed(DomainError):
    """The parcel is delivered, returned, lost, cancelled or refused; nothing can be changed any more."""


class ParcelOnHold(DomainError):
    """The parcel was missed too often; an operator decides what happens next."""


class NoLongerYours(DomainError):
    """The tender was answered too late, declined or withdrawn."""


class NotAccepted(DomainError):
    """The run is not accepted yet."""


class ParcelsUnreported(DomainError):
    """The run cannot be finished while parcels of its manifest lack a report."""


class RunNotFinished(DomainError):
    """The run must be reported as finished, with parcels on board, before the hub takes them."""


class PlanOutdated(DomainError):
    """Parcels changed while the plan was made; plan again."""
