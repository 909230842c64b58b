"""Who may call what."""

from __future__ import annotations

ACCESS = {
    "GetPayment": frozenset({"buyer_channel", "operator", "service"}),
    "GetPaymentQr": frozenset({"buyer_channel", "operator", "service"}),
    "ReportBankTransfer": frozenset({"bank"}),
    "ListRefundsDue": frozenset({"operator", "bank"}),
    "ReportRefundPaid": frozenset({"operator", "bank"}),
    "ReportCodRemittance": frozenset({"operator", "bank", "partner"}),
    "GetLedger": frozenset({"operator", "service"}),
}
