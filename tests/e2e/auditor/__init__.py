"""The auditor: compares topics, inboxes, dead letters and databases with what the actors outside saw."""
