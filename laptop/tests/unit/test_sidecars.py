"""Laptop mode's part of the mesh: ports, address overrides, and the order of changes."""

from __future__ import annotations

import os
from dataclasses import replace

from laptop import sidecars
from laptop.stack import Stack


def test_changes_are_ordered_by_time(stack: Stack) -> None:
    stack.state_dir.mesh_changes.mkdir(parents=True)
    for moment, share in enumerate((50, 100, 10)):
        file = stack.state_dir.mesh_changes / f"recommendations-v2-{share}-percent.yaml"
        file.write_text("")
        os.utime(file, ns=(moment, moment))
    latest = sidecars.applied_changes(stack)[-1]
    assert latest.name == "recommendations-v2-10-percent.yaml"


def test_a_service_calls_its_own_sidecar_and_the_gateway_calls_that_of_the_callee(
    stack: Stack,
) -> None:
    with_mesh = replace(stack, mesh=True)
    assert with_mesh.port("catalog", "cart") == stack.ports.outbound("cart", "catalog")
    assert with_mesh.port("catalog", "gateway") == stack.ports.inbound("catalog")
    assert with_mesh.port("postgres", "cart") == stack.ports.postgres


def called_by(stack: Stack, caller: str) -> set[int]:
    """Return the ports that the caller's sidecar connects to, except that of its own service."""
    clusters = sidecars.rendered(stack, [])[caller]["clusters.yaml"]["resources"]
    found = [cluster["load_assignment"]["endpoints"] for cluster in clusters if cluster["name"] != "app"]
    return {
        endpoint["endpoint"]["address"]["socket_address"]["port_value"]
        for localities in found
        for locality in localities
        for endpoint in locality["lb_endpoints"]
    }


def test_an_address_override_changes_the_sidecar_of_its_caller_only(stack: Stack) -> None:
    with_mesh = replace(stack, mesh=True)
    overridden = replace(
        with_mesh,
        address_overrides={("orders", "payments"): 1, ("payments", "bank"): 2, ("gateway", "cart"): 3},
    )
    assert overridden.port("payments", "orders") == stack.ports.outbound("orders", "payments")
    assert overridden.port("cart", "gateway") == 3
    assert called_by(overridden, "orders") - called_by(with_mesh, "orders") == {1}
    assert called_by(overridden, "payments") == {2}
    others = {
        name
        for name in sidecars.rendered(overridden, [])
        if called_by(overridden, name) != called_by(with_mesh, name)
    }
    assert others == {"orders", "payments"}
