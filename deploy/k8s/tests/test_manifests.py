"""Every rendered object is valid against its schema, strictly, and the topics are those of the topology."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any, cast

import jsonschema
import kubernetes_validate
import pytest
import yaml
from chassis.grpc_server import ALIVE
from chassis.kafka import SEGMENT_MS

from tests.contract.topology import SERVICES, TOPICS

K8S = Path(__file__).parents[1]
OVERLAYS = ("local", "production")
KUBERNETES = "1.32"
ROLES = ("serve", "consume", "relay", "tick")
OPEN = {"limits", "requests", "config"}
"""What an operator hands on as it is: resources by any name, and the settings of Kafka and of the collector."""
Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """The objects of an overlay, as kubectl kustomize prints them."""
    printed = subprocess.run(
        ["kubectl", "kustomize", str(K8S / "overlays" / overlay)], capture_output=True, text=True, check=True
    )
    return tuple(yaml.safe_load_all(printed.stdout))


@cache
def schema_of(api_version: str, kind: str) -> Manifest:
    """Schema of a custom resource, closed wherever it lists properties without saying that more may come."""
    group, version = api_version.split("/")
    schema: Manifest = close(json.loads((K8S / "schemas" / group / f"{kind.lower()}_{version}.json").read_text()))
    return schema


def close(schema: Any) -> Any:
    """The schema with `additionalProperties: false` where the definition leaves it open by omission."""
    if isinstance(schema, list):
        return [close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    keeps = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not keeps:
        closed["additionalProperties"] = False
    return closed


def validate(manifest: Manifest) -> None:
    """Raise if the object has a field its kind does not know, or one of the wrong type."""
    group = manifest["apiVersion"].split("/")[0]
    if (K8S / "schemas" / group).is_dir():
        jsonschema.Draft7Validator(schema_of(manifest["apiVersion"], manifest["kind"])).validate(manifest)
        # A custom resource's schema says nothing of its metadata; Kubernetes' own does, and it is the same everywhere.
        validate({"apiVersion": "v1", "kind": "ConfigMap", "metadata": manifest["metadata"]})
    else:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def named(manifest: Manifest) -> str:
    """Kind and name, for people."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_valid(overlay: str) -> None:
    for manifest in rendered(overlay):
        validate(manifest)
    assert len(rendered(overlay)) > 40


def mappings(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Where in an object there is something with fields."""
    if isinstance(value, dict):
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from mappings(item, *path, key)


def is_caught(manifest: Manifest, path: Sequence[str | int], field: str) -> bool:
    """Whether a field planted there makes the object invalid."""
    planted = copy.deepcopy(manifest)
    reduce(lambda inside, key: inside[key], path, cast("Any", planted))[field] = 1
    try:
        validate(planted)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError):
        return True
    return False


@pytest.mark.parametrize("kind", sorted({m["kind"] for m in rendered("local")}))
def test_a_bogus_field_is_caught_wherever_it_is_planted(kind: str) -> None:
    """At the top, in the metadata, in its labels, in the spec and everything in it."""
    manifest = max((m for m in rendered("local") if m["kind"] == kind), key=lambda m: len(list(mappings(m))))
    closed = [path for path in mappings(manifest) if not OPEN.intersection(path)]
    assert {(), ("metadata",)} <= set(closed)
    assert [path for path in closed if not is_caught(manifest, path, "bogusField")] == []


@pytest.mark.parametrize("kind", ["KafkaNodePool", "KafkaTopic", "KafkaUser"])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_belongs_to_a_kafka_cluster_names_it(overlay: str, kind: str) -> None:
    """Without the label the operator would pass it over."""
    [cluster] = [m["metadata"]["name"] for m in rendered(overlay) if m["kind"] == "Kafka"]
    labels = [m["metadata"]["labels"] for m in rendered(overlay) if m["kind"] == kind]
    assert {each.get("strimzi.io/cluster") for each in labels} == {cluster}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_service_has_every_role_with_probes_and_a_disruption_budget(overlay: str) -> None:
    names = {named(manifest) for manifest in rendered(overlay)}
    for service in SERVICES:
        assert f"Job/{service}-migrate" in names
        assert f"Service/{service}-grpc" in names
        for role in ROLES:
            assert f"Deployment/{service}-{role}" in names
            assert f"PodDisruptionBudget/{service}-{role}" in names
    for manifest in rendered(overlay):
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] != "jaeger":
            [container] = manifest["spec"]["template"]["spec"]["containers"]
            role = manifest["metadata"]["name"].split("-")[1]
            assert container["args"] == [role]
            probes = {name: container[name]["grpc"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
            assert {probe["port"] for probe in probes.values()} == {container["ports"][0]["containerPort"]}
            # An outage of broker or database makes a role not ready, and restarts nobody.
            asked = {name: probe["service"] for name, probe in probes.items()}
            assert asked == {"startupProbe": ALIVE, "readinessProbe": role, "livenessProbe": ALIVE}
            service = manifest["metadata"]["name"].split("-")[0]
            assert container["image"].startswith(f"ghcr.io/chophien/{service}:")
            secrets = {entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"]}
            assert secrets == {f"{service}-database-app", f"{service}-identity"}


def test_a_role_selects_only_the_pods_of_its_own_service() -> None:
    for manifest in rendered("local"):
        if manifest["kind"] in ("Deployment", "PodDisruptionBudget"):
            labels = manifest["spec"]["selector"]["matchLabels"]
            assert labels["app.kubernetes.io/name"] == manifest["metadata"]["name"].split("-")[0]


def test_the_topics_are_those_of_the_topology() -> None:
    declared = {m["spec"]["topicName"]: m["spec"] for m in rendered("local") if m["kind"] == "KafkaTopic"}
    for name, topic in TOPICS.items():
        retention = topic.retention_hours * 3_600_000 if topic.retention_hours else -1
        assert declared[name]["partitions"] == topic.partitions
        forgetting = {"segment.ms": SEGMENT_MS} if retention > 0 else {}
        assert declared[name]["config"] == {"cleanup.policy": "delete", "retention.ms": retention, **forgetting}
        for group in topic.heard_by:
            assert f"{name}.{group}.dead" in declared
    assert len(declared) == len(TOPICS) + sum(len(topic.heard_by) for topic in TOPICS.values())


def test_production_keeps_every_fact_on_two_brokers() -> None:
    assert {m["spec"]["replicas"] for m in rendered("production") if m["kind"] == "KafkaTopic"} == {3}
    [kafka] = [m for m in rendered("production") if m["kind"] == "Kafka"]
    assert kafka["spec"]["kafka"]["config"]["min.insync.replicas"] == 2
