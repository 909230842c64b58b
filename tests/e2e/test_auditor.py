"""The auditor must catch what it is there for, and be silent when all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from chophien.common.v1 import common_pb2 as common

from tests.e2e.auditor.audit import findings, report
from tests.e2e.auditor.evidence import Evidence
from tests.e2e.auditor.traces import reaches
from tests.e2e.small_records import BATCH, ORDERS, PRICE_VND, REFUND, SPLIT, UNPAID, transfer
from tests.e2e.small_world import small_world


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


def test_a_fact_that_was_never_said_nor_heard_is_noticed_all_the_same() -> None:
    """A relay that deleted without sending leaves no trace but what the services remember."""
    for gone in small_world().facts:
        world = small_world()
        for heard in world.inbox.values():
            heard.pop(gone.id, None)
        left = with_facts(world, [fact for fact in world.facts if fact.id != gone.id])
        assert "lost_facts" in caught(left), gone.kind


def test_every_fact_of_a_feed_that_its_partner_did_not_hear_is_noticed() -> None:
    """The second of two facts of one kind and batch as well."""
    fed = {"partner-a": 5, "partner-b": 2, "partner-c": 2}
    for partner, count in fed.items():
        notes = [n for n, entry in enumerate(small_world().journals[partner]) if "heard" in entry]
        assert len(notes) == count
        for n in notes:
            world = small_world()
            missed = world.journals[partner].pop(n)
            assert report(world)["lost_facts"] == 1, missed


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
    world.tables["shipping"]["batches"].append({**world.tables["shipping"]["batches"][0], "id": "PB-2"})
    assert "duplicate_effects" in caught(with_facts(world, [*world.facts, *twin]))


def test_cash_that_differs_at_one_door_is_caught() -> None:
    world = small_world()
    world.journals["partner-a"][1]["request"]["cod_collected_vnd"] = PRICE_VND - 1_000
    assert {"cash_differences", "duplicate_effects"} <= caught(world)


def test_an_order_paid_and_cancelled_whose_money_is_kept_is_caught() -> None:
    world = small_world()
    world.journals["bank"].append(transfer(UNPAID, PRICE_VND))
    entries = world.tables["payments"]["ledger_entries"]
    entries.append({**entries[-2], "id": "came", "order_id": UNPAID})
    entries[-1]["lines"] = [{**line, "amount_vnd": line["amount_vnd"] // 2} for line in entries[-1]["lines"]]
    assert [finding.check for finding in findings(world)] == ["refund_differences"]


def test_a_refused_part_whose_refund_nobody_ever_thought_of_is_caught() -> None:
    """No fact, no row, no entry, no payout: only the comparison with the bank shows it."""
    world = small_world()
    world.tables["payments"]["refunds"].clear()
    world.tables["payments"]["ledger_entries"].pop()
    for row in (*world.tables["payments"]["payments"], *world.tables["orders"]["orders"]):
        row["history"] = [step for step in row["history"] if "Refund" not in str(step)]
    bank = world.journals["bank"]
    bank[:] = [entry for entry in bank if entry["request"].get("refund_id") != REFUND]
    for heard in world.inbox.values():
        for id in [fact.id for fact in world.facts if fact.kind in ("refund_due", "payment_refunded")]:
            heard.pop(id, None)
    left = with_facts(world, [fact for fact in world.facts if fact.kind not in ("refund_due", "payment_refunded")])
    assert [finding.check for finding in findings(left)] == ["refund_differences"]


def test_a_refund_of_goods_that_arrived_is_caught() -> None:
    world = small_world()
    due = next(fact for fact in world.facts if fact.kind == "refund_due")
    due.body.amount_vnd *= 2
    world.journals["bank"][-1]["request"]["amount_vnd"] *= 2
    assert "refund_differences" in caught(world)


def test_a_run_is_told_with_the_tender_its_partner_took_and_the_hub_that_has_its_parcels() -> None:
    world = small_world()
    run = report(world)["runs"][0]
    assert (run["tendered_over_hub"], run["hub"]) == ("hub-sa-pa", "hub-lai-chau")
    assert (run["tender_time"], run["moved_by_closure"]) == ("2026-02-04T12:00:00+07:00", "CL-1")
    for fact in world.facts:
        if fact.kind == "batch_tendered" and fact.body.partner_id == "partner-a":
            fact.body.hub_id = "hub-lao-cai"
    assert report(world)["runs"][0]["tendered_over_hub"] == "hub-lao-cai"


def test_a_split_order_is_told_with_the_fate_of_its_parts() -> None:
    (told,) = report(small_world())["split_orders"]
    assert (told["order_id"], told["parts"], told["parts_refused"], told["parts_delivered"]) == (SPLIT, 2, 1, 1)
    assert told["refunded_vnd"] == told["refused_vnd"] == PRICE_VND


def test_an_order_that_waited_for_payments_is_delayed() -> None:
    world = small_world()
    assert report(world)["orders_delayed"] == 0
    later = [
        replace(fact, time=fact.time + timedelta(minutes=9))
        if (fact.key, fact.kind) == (ORDERS[1], "payment_authorized")
        else fact
        for fact in world.facts
    ]
    assert report(with_facts(world, later))["orders_delayed"] == 1


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
