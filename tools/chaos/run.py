"""One run: users and faults at the same time, then recovery, then verification."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from laptop.stack import Stack
from laptop.terminal import Progress
from tools import audit
from tools.chaos.injector import ActiveFault, Injector, targets
from tools.chaos.invariants import Violation, check_purchases, count_outcomes
from tools.chaos.proxies import Proxies
from tools.chaos.schedule import SLOTS, Fault, schedule
from tools.chaos.users import User, create_users
from tools.chaos.verification import (
    IDLE_TIMEOUT,
    VerifiedExchange,
    read_orders,
    run_audit,
    verify_exchange,
    wait_until_idle,
)

_POLL = 0.05  # seconds


@dataclass(frozen=True)
class Plan:
    """What a run does. The same plan repeats the same schedule and the same choices of the users."""

    seed: int
    seconds: float
    mesh: bool


@dataclass(frozen=True)
class Result:
    """The result of a run. ``audit`` is None if a store could not be read."""

    exchanges: Sequence[VerifiedExchange]
    faults: Sequence[ActiveFault]
    orders: Counter[str]
    audit: audit.Report | None
    violations: Sequence[Violation]


def run(plan: Plan, stack: Stack, proxies: Proxies, progress: Progress) -> Result:
    """Inject the plan's faults into a running stack while users buy, wait for recovery, and verify."""
    end = threading.Event()
    users = create_users(stack, plan.seed, end)
    injector = Injector(stack, proxies)
    faults = schedule(plan.seed, plan.seconds, targets(stack.services, mesh=stack.mesh))
    with progress.phase(f"{len(users)} users, {len(faults)} faults"):
        for user in users:
            user.start()
        try:
            _inject_all(faults, plan, injector, users, progress)
        finally:
            end.set()
    with progress.phase("last purchases"):
        for user in users:
            user.join()
    with progress.phase("recovery until idle"):
        pending = wait_until_idle(stack, progress)
    with progress.phase("audit"):
        report, audit_violations = run_audit(stack)

    histories = [user.history for user in users]
    purchases = [purchase for history in histories for purchase in history.purchases]
    orders = read_orders(stack)
    log = injector.log
    exchanges = [verify_exchange(one, log) for history in histories for one in history.exchanges]
    violations = [
        *(one.violation for one in exchanges if one.violation),
        *injector.violations,
        *(Violation(f"not idle {IDLE_TIMEOUT:.0f} s after the last fault", one) for one in pending),
        *check_purchases(purchases, orders),
        *(Violation("purchase without a clear response", key) for one in histories for key in one.unsettled),
        *audit_violations,
    ]
    return Result(exchanges, log, count_outcomes(purchases, orders), report, violations)


def _inject_all(
    faults: list[Fault], plan: Plan, injector: Injector, users: list[User], progress: Progress
) -> None:
    start, waiting, injected = time.monotonic(), list(faults), []
    with ThreadPoolExecutor(2 * SLOTS) as pool:
        try:
            while (now := time.monotonic() - start) < plan.seconds:
                while waiting and waiting[0].start <= now:
                    injected.append(pool.submit(injector.inject, waiting.pop(0)))
                active = ", ".join(map(str, injector.active()))
                sold = sum(user.history.sold() for user in users)
                progress.show(f"{now:4.0f} s of {plan.seconds:.0f}  {sold} purchases  {active}")
                time.sleep(_POLL)
        except BaseException:
            injector.stop()
            raise
    for future in injected:
        future.result()
