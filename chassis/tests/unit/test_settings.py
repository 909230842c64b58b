"""The environment, read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from chassis.settings import SettingsError, read_settings

GOOD = {"CHOPHIEN_DATABASE_URL": "postgresql+asyncpg://orders:secret@h/orders", "CHOPHIEN_KAFKA_BOOTSTRAP": "h:9092"}


def test_what_is_needed_is_enough_and_defaults_are_safe() -> None:
    settings = read_settings("orders", GOOD)
    assert (settings.service, settings.grpc_listen, settings.tokens_file) == ("orders", "127.0.0.1:0", None)
    assert settings.clock_file is None and settings.crash_point == "" and settings.parent_pid is None


def test_everything_is_read() -> None:
    more = {
        "CHOPHIEN_GRPC_LISTEN": "127.0.0.1:7000",
        "CHOPHIEN_TARGET_ORDERS": "127.0.0.1:7001",
        "CHOPHIEN_CLOCK_FILE": "/c.json",
        "CHOPHIEN_PARENT_PID": "17",
        "CHOPHIEN_KAFKA_REPLICATION": "3",
        "CHOPHIEN_LOG_LEVEL": "debug",
    }
    settings = read_settings("shipping", GOOD | more)
    assert settings.targets == {"orders": "127.0.0.1:7001"} and settings.clock_file == Path("/c.json")
    assert (settings.parent_pid, settings.kafka_replication, settings.log_level) == (17, 3, "DEBUG")


def test_a_plain_postgresql_url_is_taken_too() -> None:
    """CloudNativePG's secret writes it so."""
    settings = read_settings("orders", GOOD | {"CHOPHIEN_DATABASE_URL": "postgresql://orders:secret@h/orders"})
    assert settings.database_url == GOOD["CHOPHIEN_DATABASE_URL"]


def test_every_problem_is_named_at_once() -> None:
    bad = {
        "CHOPHIEN_DATABASE_URL": "sqlite://",
        "CHOPHIEN_GRPC_LISTEN": "7000",
        "CHOPHIEN_TARGET_ORDERS": "nowhere",
        "CHOPHIEN_PARENT_PID": "x",
        "CHOPHIEN_LOG_LEVEL": "LOUD",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings("orders", bad)
    assert all(name in str(caught.value) for name in (*bad, "CHOPHIEN_KAFKA_BOOTSTRAP is not set"))


def test_secrets_are_not_shown() -> None:
    settings = read_settings("orders", GOOD | {"CHOPHIEN_SERVICE_TOKEN": "hush"})
    assert "secret" not in repr(settings) and "hush" not in repr(settings)
