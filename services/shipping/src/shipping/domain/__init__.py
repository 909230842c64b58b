"""Decides: places, promises, parcels, batches, tenders, closures and plans; no I/O."""
