"""Shipping: parcels, pickup batches, promises, tenders and closures."""
