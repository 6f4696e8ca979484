"""What laptop mode adds to the mesh's own rules."""

from __future__ import annotations

import os

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
    led = sidecars.led_through(market)
    assert led.port("catalog", "cart") == market.ports.outbound("cart", "catalog")
    assert led.port("catalog", "gateway") == market.ports.inbound("catalog")
    assert led.port("postgres", "cart") == market.ports.postgres
