"""What the planner refuses, with the field named."""

from __future__ import annotations

from chassis.kernel import Code, DomainError


class InvalidWave(DomainError):
    """The wave cannot be planned as it was given."""

    code = Code.INVALID_ARGUMENT

    def __init__(self, found: str) -> None:
        """`found` is "field: what is wrong with it"."""
        self.field_name, _, self.problem = found.partition(": ")
        super().__init__(field=self.field_name, problem=self.problem)

    @property
    def message(self) -> str:
        """The field and what is wrong with it."""
        return f"{self.field_name}: {self.problem}"
