"""What laptop mode adds to the mesh's own rules."""

from __future__ import annotations

import os
from dataclasses import replace

from laptop import sidecars
from laptop.environment import Market


def test_of_two_changes_of_one_resource_the_later_one_holds(market: Market) -> None:
    market.home.mesh_changes.mkdir(parents=True)
    for moment, share in enumerate((50, 100, 10)):
        file = market.home.mesh_changes / f"recommendations-v2-{share}-percent.yaml"
        file.write_text("")
        os.utime(file, ns=(moment, moment))
    latest = sidecars.applied(market)[-1]
    assert latest.name == "recommendations-v2-10-percent.yaml"


def test_every_caller_is_led_to_its_own_sidecar_and_the_gateway_to_that_of_whom_it_calls(
    market: Market,
) -> None:
    guarded = replace(market, mesh=True)
    assert guarded.port("catalog", "cart") == market.ports.outbound("cart", "catalog")
    assert guarded.port("catalog", "gateway") == market.ports.inbound("catalog")
    assert guarded.port("postgres", "cart") == market.ports.postgres


def called_by(market: Market, caller: str) -> set[int]:
    """The ports that the caller's sidecar calls, the program behind it apart."""
    clusters = sidecars.rendered(market, [])[caller]["clusters.yaml"]["resources"]
    found = [cluster["load_assignment"]["endpoints"] for cluster in clusters if cluster["name"] != "app"]
    return {
        endpoint["endpoint"]["address"]["socket_address"]["port_value"]
        for localities in found
        for locality in localities
        for endpoint in locality["lb_endpoints"]
    }


def test_a_detour_leads_the_sidecar_of_its_caller_elsewhere_and_nobody_else(market: Market) -> None:
    guarded = replace(market, mesh=True)
    led = replace(
        guarded, detours={("orders", "payments"): 1, ("payments", "bank"): 2, ("gateway", "cart"): 3}
    )
    assert led.port("payments", "orders") == market.ports.outbound("orders", "payments")
    assert led.port("cart", "gateway") == 3
    assert called_by(led, "orders") - called_by(guarded, "orders") == {1}
    assert called_by(led, "payments") == {2}
    others = {name for name in sidecars.rendered(led, []) if called_by(led, name) != called_by(guarded, name)}
    assert others == {"orders", "payments"}
