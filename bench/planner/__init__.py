"""Measures the pickup planner: instance families, days replayed wave by wave, simple rules, hindsight, best known."""
