"""The comments of the .proto files, by the full name of the commented element."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto

# Field numbers of descriptor.proto: a location in a file is a path of such numbers and indices.
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_FIELD, _NESTED_MESSAGE, _NESTED_ENUM, _VALUE, _METHOD = 2, 3, 4, 2, 2
_ERRORS = re.compile(r"\s*Errors: (.*)", re.DOTALL)
_CODE = re.compile(r"([A-Z]+(?:_[A-Z]+)*) \(([^)]*)\)")
_REASON = re.compile(r"\b[A-Z]+_[A-Z_]+\b")
_AS = re.compile(r"\bas (\w+)")

Path = tuple[int, ...]
Errors = dict[str, list[str]]


class Comments(dict[str, str]):
    """Comments by full name. Raises ValueError with the name if a comment is missing."""

    def __missing__(self, name: str) -> str:
        raise ValueError(f"openapi: {name} has no comment")


def comments(file: FileDescriptorProto) -> dict[str, str]:
    """Return the leading comment of each element of the file that has one, as one line."""
    locations = file.source_code_info.location
    texts = {tuple(location.path): location.leading_comments for location in locations}
    return {name: " ".join(texts[path].split()) for path, name in _names(file) if texts.get(path)}


def without_errors(comment: str) -> str:
    """Return the comment without the list of errors at its end."""
    return _ERRORS.sub("", comment)


def errors(name: str, method_comments: dict[str, str]) -> Errors:
    """Return the gRPC codes of a method's errors with their reasons, from "Errors: CODE (REASON, ...), ..."."""
    match = _ERRORS.search(method_comments[name])
    if not match:
        return {}
    found = {code: _REASON.findall(reasons) for code, reasons in _CODE.findall(match[1])}
    if like := _AS.search(match[1]):
        sibling = f"{name.rpartition('.')[0]}.{like[1]}"
        found = errors(sibling, method_comments) | found
    return found


def _names(file: FileDescriptorProto) -> Iterator[tuple[Path, str]]:
    for index, message in enumerate(file.message_type):
        yield from _message((_MESSAGE, index), f"{file.package}.{message.name}", message)
    for index, enum in enumerate(file.enum_type):
        yield from _enum((_ENUM, index), f"{file.package}.{enum.name}", enum)
    for index, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (_SERVICE, index), name
        for number, method in enumerate(service.method):
            yield (_SERVICE, index, _METHOD, number), f"{name}.{method.name}"


def _message(path: Path, name: str, message: DescriptorProto) -> Iterator[tuple[Path, str]]:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _FIELD, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _message((*path, _NESTED_MESSAGE, index), f"{name}.{nested.name}", nested)
    for index, enum in enumerate(message.enum_type):
        yield from _enum((*path, _NESTED_ENUM, index), f"{name}.{enum.name}", enum)


def _enum(path: Path, name: str, enum: EnumDescriptorProto) -> Iterator[tuple[Path, str]]:
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, _VALUE, index), f"{name}.{value.name}"
