"""Which roles may call which RPC; what is not named here, nobody may call."""

ACCESS = {
    "QuotePromise": frozenset({"buyer_channel", "seller", "operator", "service"}),
    "MarkReady": frozenset({"seller", "operator"}),
    "CancelParcel": frozenset({"operator", "service"}),
    "GetParcel": frozenset({"buyer_channel", "seller", "operator", "service"}),
    "ListBatches": frozenset({"operator", "officer"}),
    "GetBatch": frozenset({"operator", "officer"}),
    "ExplainParcel": frozenset({"seller", "operator", "service"}),
    "DeclareClosure": frozenset({"operator", "officer"}),
    "LiftClosure": frozenset({"operator", "officer"}),
    "PlanWave": frozenset({"operator"}),
    "ListTenders": frozenset({"partner"}),
    "AcceptTender": frozenset({"partner"}),
    "DeclineTender": frozenset({"partner"}),
    "GetManifest": frozenset({"partner"}),
    "ReportPickup": frozenset({"partner"}),
    "ReportScan": frozenset({"partner"}),
}
