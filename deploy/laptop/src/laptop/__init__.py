"""Runs the whole of Chophien on one machine: real Kafka, PostgreSQL and Zipkin, and the four services."""

from laptop.environment import ROLES, SERVICES
from laptop.errors import StackError
from laptop.stack import Stack

__all__ = ["ROLES", "SERVICES", "Stack", "StackError"]
