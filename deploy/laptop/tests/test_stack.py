"""The stack starts the real parts, keeps their data, survives their death, and stops without a trace."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import psutil
import pytest
from laptop import Stack, StackError
from laptop.process import marked

PARTS = ("kafka", "postgres", "zipkin")


def test_kafka_postgres_and_zipkin_start_die_and_come_back(run_dir: Path) -> None:
    with Stack(run_dir, parts=PARTS) as stack:
        assert stack.zipkin.ready()
        assert 100 < stack.pss_mb() < 2000  # with this test process itself
        stack.postgres.sql("CREATE TABLE kept AS SELECT 42 AS answer", "orders")
        stack.kill_kafka()
        assert not stack.kafka.ready()
        stack.start_kafka()
        assert stack.kafka.ready()
        stack.kill_postgres()
        stack.start_postgres()
        assert stack.postgres.sql("SELECT answer FROM kept", "orders") == "42"
        stack.check()
        assert _foreign_listeners(run_dir) == set()
    assert marked(str(run_dir)) == []


def _foreign_listeners(run_dir: Path) -> set[str]:
    """Addresses other than the loopback that a part listens on."""
    found = [connection for each in marked(str(run_dir)) for connection in each.net_connections("inet")]
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN} - {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_second_start_uses_the_same_data_ports_and_tokens(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]) as first:
        first.postgres.sql("CREATE TABLE kept AS SELECT 42 AS answer", "catalog")
    with Stack(run_dir, parts=["postgres"]) as second:
        assert second.postgres.sql("SELECT answer FROM kept", "catalog") == "42"
        assert (second.ports, second.tokens) == (first.ports, first.tokens)


def test_each_service_sees_its_own_database_only(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]) as stack:
        for service, allowed in (("orders", "t"), ("payments", "f")):
            can_connect = f"SELECT has_database_privilege('orders', '{service}', 'CONNECT')"
            assert stack.postgres.sql(can_connect.replace("'orders', '" + service, f"'{service}', 'orders")) == allowed


def test_secrets_are_for_the_owner_only_and_every_identity_has_a_token(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]) as stack:
        for secret in (stack.tokens_file, run_dir / "passwords.json"):
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        people = {"buyer-channel", "seller", "operator", "officer", "partner-a", "partner-b", "bank"}
        assert set(stack.tokens) == people | {"catalog", "orders", "payments", "shipping"}
        assert len(set(stack.tokens.values())) == len(stack.tokens)


def test_a_port_in_use_is_named_and_leaves_nothing_behind(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]) as stack:
        port = stack.ports["postgres"]
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(StackError, match=rf"postgres: port {port} .* is in use(.|\n)*postgres\.log"):
            Stack(run_dir, parts=["postgres"]).start()
    assert marked(str(run_dir)) == []


def test_a_dead_part_is_named_with_its_log(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]) as stack:
        stack.children["postgres"].process.kill()
        stack.children["postgres"].process.wait()
        with pytest.raises(StackError, match=r"postgres was ended by SIGKILL(.|\n)*postgres\.log"):
            stack.check()


def test_a_run_folder_has_one_launcher(run_dir: Path) -> None:
    with Stack(run_dir, parts=["postgres"]), pytest.raises(StackError, match="is in use by process"):
        Stack(run_dir, parts=["postgres"]).start()


def test_a_full_disk_is_told_before_anything_starts(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laptop.stack.DISK_FREE_MB_MIN", 10**9)
    with pytest.raises(StackError, match="disk full"):
        Stack(run_dir, parts=["postgres"]).start()
    assert marked(str(run_dir)) == []
