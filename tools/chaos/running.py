"""One run: shoppers and faults at the same time, then peace, then the reckoning."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from laptop.environment import Market
from laptop.terminal import Progress
from tools import audit
from tools.chaos.crowd import crowd
from tools.chaos.edges import Edge
from tools.chaos.findings import Finding
from tools.chaos.injection import Force, Injector, targets
from tools.chaos.promises import Order, all_broken
from tools.chaos.proxies import Proxies
from tools.chaos.report import Judged, judged_at_last
from tools.chaos.rest import PATIENCE, wait_for_rest
from tools.chaos.schedule import LANES, Fault, schedule
from tools.chaos.shopper import Shopper

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """What a run does: with the same plan, the same schedule and the same wishes of the shoppers."""

    seed: int
    seconds: float
    mesh: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a run. ``audit`` is None where the stores could not be read."""

    requests: Sequence[Judged]
    forces: Sequence[Force]
    audit: audit.Report | None
    findings: Sequence[Finding]


def run(plan: Plan, market: Market, proxies: Proxies[Edge], progress: Progress) -> Outcome:
    """Torment an open market, let it come to rest, and give what came of it."""
    closing = threading.Event()
    shoppers = crowd(market, plan.seed, closing)
    injector = Injector(market, proxies)
    faults = schedule(plan.seed, plan.seconds, targets(market.services, mesh=market.mesh))
    with progress.phase(f"{len(shoppers)} shoppers and {len(faults)} faults"):
        for shopper in shoppers:
            shopper.start()
        try:
            _torment(faults, plan, injector, shoppers, progress)
        finally:
            closing.set()
    with progress.phase("last purchases"):
        for shopper in shoppers:
            shopper.join()
    forces = injector.journal.forces
    seen = [one for shopper in shoppers for one in shopper.memory.exchanges]
    judged = [judged_at_last(exchange, judgement, forces) for exchange, judgement in seen]
    findings = [one.finding for one in judged if one.finding] + injector.findings
    with progress.phase("until the market is at rest"):
        findings += _not_at_rest(market, progress)
    with progress.phase("the audit"):
        report, wrong = _audited(market)
    findings += _broken_promises(market, shoppers)
    return Outcome(judged, forces, report, findings + wrong)


def _torment(
    faults: list[Fault], plan: Plan, injector: Injector, shoppers: list[Shopper], progress: Progress
) -> None:
    started, waiting, inflicted = time.monotonic(), list(faults), []
    with ThreadPoolExecutor(2 * LANES) as pool:
        try:
            while (now := time.monotonic() - started) < plan.seconds:
                while waiting and waiting[0].start <= now:
                    inflicted.append(pool.submit(injector.inflict, waiting.pop(0)))
                in_force = ", ".join(f"{fault.kind} {fault.target}" for fault in injector.journal.now())
                bought = sum(shopper.memory.bought() for shopper in shoppers)
                progress.show(f"{now:4.0f} s of {plan.seconds:.0f}  {bought} purchases  {in_force}")
                time.sleep(_LOOK_SECONDS)
        except BaseException:
            injector.give_up()
            raise
    for outcome in inflicted:
        outcome.result()


def _not_at_rest(market: Market, progress: Progress) -> list[Finding]:
    left = wait_for_rest(market, progress)
    return [Finding(f"not at rest {PATIENCE:.0f} s after the last fault", one) for one in left]


def _broken_promises(market: Market, shoppers: list[Shopper]) -> list[Finding]:
    memories = [shopper.memory for shopper in shoppers]
    found = all_broken([purchase for memory in memories for purchase in memory.purchases], _orders(market))
    for memory in memories:
        found += [Finding("a purchase that never got a clear answer", key) for key in memory.unsettled]
    return found


def _orders(market: Market) -> dict[tuple[str, str], Order]:
    with psycopg.connect(market.database_url("postgres", "orders"), row_factory=dict_row) as connection:
        rows = connection.execute(
            "SELECT account_id, idempotency_key, id, state, coalesce(rejection->>'reason', '') AS reason"
            " FROM orders"
        ).fetchall()
    return {
        (row["account_id"], row["idempotency_key"]): Order(row["id"], row["state"], row["reason"])
        for row in rows
    }


def _audited(market: Market) -> tuple[audit.Report | None, list[Finding]]:
    try:
        report = audit.run(audit.Stores.of_market(market))
    except audit.StoreError as error:
        return None, [Finding("the audit cannot read a store", str(error))]
    return report, [Finding(f"audit: {one.rule}", f"{one.id}: {one.text}") for one in report.violations]
