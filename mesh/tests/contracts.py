"""The gRPC methods of the contracts."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mesh.renderer.policies import ROOT

HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_DESCRIPTORS = ROOT / "libs/contracts/src/nightmarket/descriptors.pb"


def methods() -> dict[str, set[str]]:
    """Return the names of the methods, by the full name of their gRPC service."""
    descriptors = FileDescriptorSet.FromString(_DESCRIPTORS.read_bytes())
    return {
        f"{file.package}.{service.name}": {method.name for method in service.method}
        for file in descriptors.file
        for service in file.service
    }
