"""What payments may refuse; the docstring is what the caller reads."""

from chassis.kernel import Code, DomainError


class NotPayableByQr(DomainError):
    """There is no QR code that could still be paid for this order."""


class TransferMismatch(DomainError):
    """This transaction was reported before with another amount, time, direction or refund."""

    code = Code.ALREADY_EXISTS


class RefundAmountWrong(DomainError):
    """The amount paid is not the amount of the refund."""


class RefundAlreadyPaid(DomainError):
    """The refund was paid before by another transaction."""


class StatementMismatch(DomainError):
    """This statement was reported before with other lines."""

    code = Code.ALREADY_EXISTS


class NotTheRemittance(DomainError):
    """The transfer is not an unmatched one of the statement's sum, or the statement was brought by another."""


class NotYourStatement(DomainError):
    """A partner may report its own statements only."""

    code = Code.PERMISSION_DENIED
