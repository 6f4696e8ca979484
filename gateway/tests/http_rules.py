"""The public REST interface, read from the contracts."""

from __future__ import annotations

import re
from collections import defaultdict

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto

from laptop.gateway import FILES

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


def services() -> dict[str, bool]:
    """Return every gRPC service and whether it is public, that is, has methods with an HTTP rule."""
    return {
        f"{file.package}.{service.name}": any(_has_rule(method) for method in service.method)
        for file in _own_files()
        for service in file.service
    }


def methods_by_path() -> dict[str, set[str]]:
    """Return the HTTP methods of every path, with `x` for each variable."""
    paths = defaultdict(set)
    for file in _own_files():
        for service in file.service:
            for method in filter(_has_rule, service.method):
                rule = method.options.Extensions[annotations_pb2.http]
                verb = rule.WhichOneof("pattern")
                paths[re.sub(r"\{.*?\}", "x", getattr(rule, verb))].add(verb.upper())
    return dict(paths)


def _has_rule(method: MethodDescriptorProto) -> bool:
    return method.options.HasExtension(annotations_pb2.http)


def _own_files() -> list[FileDescriptorProto]:
    files = FileDescriptorSet.FromString(FILES["descriptors.pb"].read_bytes()).file
    return [file for file in files if file.package.startswith("nightmarket.")]
