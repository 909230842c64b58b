"""Remembers and reaches out: tables, reads, reference data, the planners process."""
