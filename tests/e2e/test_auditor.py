"""The auditor must catch what it is there for, and be silent when all is well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chophien.common.v1 import common_pb2 as common

from tests.e2e.auditor.audit import findings, report
from tests.e2e.auditor.evidence import Evidence
from tests.e2e.auditor.traces import reaches
from tests.e2e.small_world import BATCH, ORDERS, PRICE_VND, small_world


def caught(evidence: Evidence) -> set[str]:
    """Names of the checks that found something."""
    return {finding.check for finding in findings(evidence)}


def with_facts(evidence: Evidence, facts: list[Any]) -> Evidence:
    """The same world with other topics; nothing remembered of the old ones."""
    return replace(evidence, facts=facts)


def test_a_world_in_balance_has_no_findings() -> None:
    told = report(small_world())
    assert told["findings"] == []
    assert (told["orders_placed"], told["promise_kept"], told["promise_due"]) == (2, 2, 2)
    assert told["cod_outstanding_vnd"] == told["cod_delivered_vnd"] == 2 * PRICE_VND
    assert told["cod_outstanding_after_remittance_vnd"] == 0
    assert [run["parcels_picked"] for run in told["runs"]] == [2]


def test_one_removed_inbox_row_is_a_lost_fact() -> None:
    for group in ("orders", "payments", "catalog", "shipping"):
        world = small_world()
        world.inbox[group].pop(next(iter(world.inbox[group])))
        assert report(world)["lost_facts"] == 1, group


def test_every_fact_that_vanishes_from_a_topic_is_noticed() -> None:
    world = small_world()
    for gone in world.facts:
        left = with_facts(world, [fact for fact in world.facts if fact is not gone])
        assert "lost_facts" in caught(left), gone.kind


def test_a_fact_left_in_the_outbox_is_lost() -> None:
    world = small_world()
    world.tables["orders"]["outbox"] = [{"type": "chophien.orders.v1.OrderPlaced", "key": ORDERS[0]}]
    assert report(world)["lost_facts"] == 1


def test_a_fact_said_again_under_its_own_id_is_no_duplicate() -> None:
    world = small_world()
    again = replace(world.facts[0], offset=99)
    assert caught(with_facts(world, [*world.facts, again])) == set()


def test_a_fact_said_under_two_ids_is_a_duplicate_effect() -> None:
    world = small_world()
    twin = replace(world.facts[0], offset=99, id="another")
    assert "duplicate_effects" in caught(with_facts(world, [*world.facts, twin]))


def test_one_doubled_ledger_entry_is_caught() -> None:
    for number in range(6):
        world = small_world()
        entries = world.tables["payments"]["ledger_entries"]
        entries.append({**entries[number], "id": "the same under another id"})
        assert "duplicate_effects" in caught(world), entries[number]
        assert report(world)["ledger_balance_vnd"] == 0, "a whole entry doubled still balances: that is the trap"


def test_half_a_ledger_entry_is_out_of_balance() -> None:
    world = small_world()
    world.tables["payments"]["ledger_entries"][0]["lines"].pop()
    assert abs(report(world)["ledger_balance_vnd"]) == PRICE_VND


def test_one_unit_oversold_is_caught() -> None:
    world = small_world()
    world.journals["sellers"][0]["answer"]["stock"]["on_hand_quantity"] = "1"
    assert report(world)["oversold_units"] == 1


def test_a_unit_confirmed_that_was_never_held_is_oversold() -> None:
    world = small_world()
    confirmed = next(fact for fact in world.facts if fact.kind == "order_confirmed")
    confirmed.body.parts[0].lines.append(common.Line(product_id="mien", quantity=1))
    assert report(world)["oversold_units"] >= 1


def test_a_unit_missing_on_the_shelf_is_caught() -> None:
    world = small_world()
    world.tables["catalog"]["stocks"][0]["sold_quantity"] = 1
    assert "stock_differences" in caught(world)


def test_a_parcel_on_two_runs_is_caught() -> None:
    world = small_world()
    twin = [replace(fact, key="PB-2", id=f"{fact.id}-2") for fact in world.facts if fact.key == BATCH]
    world.tables["shipping"]["batches"].append({"id": "PB-2", "state": "HANDED_OVER"})
    assert "duplicate_effects" in caught(with_facts(world, [*world.facts, *twin]))


def test_cash_that_differs_at_one_door_is_caught() -> None:
    world = small_world()
    world.journals["partner-a"][1]["request"]["cod_collected_vnd"] = PRICE_VND - 1_000
    assert {"cash_differences", "duplicate_effects"} <= caught(world)


def test_one_request_with_two_answers_is_caught() -> None:
    world = small_world()
    first = world.journals["buyers"][0]
    world.journals["buyers"].append({**first, "answer": {"order_id": ORDERS[1]}})
    assert "duplicate_effects" in caught(world)


def test_an_order_promised_and_not_there_is_caught() -> None:
    world = small_world()
    world.tables["orders"]["orders"].pop()
    assert "lost_orders" in caught(world)


def test_a_dead_letter_is_reported() -> None:
    world = small_world()
    world.tables["orders"]["dead_letters"] = [{"state": "dead", "event_id": "x", "reason": "why"}]
    assert report(world)["dead_letters"] == 1


def test_a_trace_reaches_only_with_all_services_and_the_span_of_the_scan() -> None:
    def span(service: str, name: str, id: str) -> dict[str, Any]:
        return {"traceId": "a" * 32, "id": id, "name": name, "localEndpoint": {"serviceName": service}}

    names = {"orders": "chophien.orders.v1.ordersservice/placeorder", "catalog": "x", "payments": "y", "shipping": "z"}
    spans = [span(service, name, service[:4] * 4) for service, name in names.items()]
    scan = f"00-{'a' * 32}-{'ship' * 4}-03"
    assert reaches(spans, scan)
    assert not reaches(spans, scan.replace("ship", "none"))
    for missing in spans:
        assert not reaches([each for each in spans if each is not missing], scan)
