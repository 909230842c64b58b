"""Fetches the pinned Java programs from Maven Central once and remembers where they are."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from laptop.errors import StackError
from laptop.state import locked

if TYPE_CHECKING:
    from jgo.maven import Artifact, Dependency, MavenContext

KAFKA_VERSION = "4.3.0"
ZIPKIN_VERSION = "3.5.1"
LOG4J_VERSION = "2.25.4"


@dataclass(frozen=True)
class Download:
    """A Java program: its Maven endpoint with all it depends on, or single jars."""

    name: str
    size_mb: int
    with_dependencies: str | None
    jars: tuple[str, ...]


KAFKA = Download(
    f"kafka-{KAFKA_VERSION}",
    size_mb=90,
    with_dependencies=f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    # Kafka's pom leaves the bridge to log4j to its distribution; without it the broker is mute. Resolved apart, because
    # log4j's own version wishes would replace Kafka's client library by an old one.
    jars=(f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}",),
)
ZIPKIN = Download(
    f"zipkin-{ZIPKIN_VERSION}",
    size_mb=75,
    # The executable jar holds everything; its pom names modules that were never published.
    with_dependencies=None,
    jars=(f"io.zipkin:zipkin-server:{ZIPKIN_VERSION}:exec",),
)


def cache_dir() -> Path:
    """Where downloads are remembered: CHOPHIEN_CACHE, else the user's cache folder, shared by all clones."""
    override = os.environ.get("CHOPHIEN_CACHE")
    return Path(override) if override else Path.home() / ".cache" / "chophien"


def class_path(download: Download, say: Callable[[str], None] = lambda line: None) -> str:
    """The class path of a program, downloaded at first use; raises StackError when it cannot be fetched."""
    memory = cache_dir() / f"{download.name}.classpath"
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        with locked(memory.with_suffix(".lock")):
            jars = memory.read_text().splitlines() if memory.exists() else []
            if not jars or not all(Path(jar).exists() for jar in jars):
                say(f"fetching {download.name} from Maven Central, once (about {download.size_mb} MB)")
                jars = [str(jar) for jar in _fetch(download)]
                memory.write_text("\n".join(jars))
    except Exception as error:
        raise StackError(
            f"{download.name} could not be fetched: {type(error).__name__}: {error}\n"
            f"  needed once from Maven Central: {download.with_dependencies or download.jars[0]} \n"
            "  check the network and the free disk space, or copy the downloads of another machine and point "
            "CHOPHIEN_CACHE at them"
        ) from error
    return os.pathsep.join(jars)


def _fetch(download: Download) -> list[Path]:
    from jgo.maven import MavenContext

    from laptop.maven import WholeFiles

    own = os.environ.get("CHOPHIEN_CACHE")
    context = MavenContext(resolver=WholeFiles(), repo_cache=Path(own) / "m2" if own else None)
    artifacts = [_dependency(context, endpoint).artifact for endpoint in download.jars]
    if download.with_dependencies:
        inputs, needed = context.resolver.resolve([_dependency(context, download.with_dependencies)])
        wanted = [*inputs, *(each for each in needed if each.scope in ("compile", "runtime"))]
        artifacts += [each.artifact for each in wanted]
    return [_whole_jar(artifact) for artifact in artifacts]


def _dependency(context: MavenContext, endpoint: str) -> Dependency:
    from jgo.parse import Endpoint

    return context.create_dependency(replace(Endpoint.parse(endpoint).coordinates[0], scope="compile"))


def _whole_jar(artifact: Artifact) -> Path:
    """A download ended by SIGKILL leaves half a jar in Maven's cache under its final name: it is fetched again."""
    path = artifact.resolve()
    if not zipfile.is_zipfile(path):
        path.unlink()
        path = artifact.resolve()
    return path
