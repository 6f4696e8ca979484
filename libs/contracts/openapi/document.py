"""Builds the document from extra.json, which is written by hand, and all methods with a google.api.http annotation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from openapi.comments import Comments, comments, errors, without_errors
from openapi.rules import EXTRA_LIMITS, HEADERS, LIMITS, REQUIRED, Schema
from openapi.schemas import Schemas

_EXTRA = Path(__file__).parent / "extra.json"
_VARIABLE = re.compile(r"\{(\w+)\}")
_VERBS = ("get", "put", "post", "delete", "patch")
# The mapping of gRPC codes to HTTP statuses, as Envoy does it.
_HTTP_STATUS = {
    "INVALID_ARGUMENT": "400",
    "FAILED_PRECONDITION": "400",
    "UNAUTHENTICATED": "401",
    "PERMISSION_DENIED": "403",
    "NOT_FOUND": "404",
    "ABORTED": "409",
    "ALREADY_EXISTS": "409",
    "RESOURCE_EXHAUSTED": "429",
    "UNAVAILABLE": "503",
}


def document(descriptors: FileDescriptorSet) -> str:
    """Return the OpenAPI 3.1 document as JSON, for descriptors that include the comments."""
    # Parse them again: the http annotations are decoded only if annotations_pb2 is loaded.
    files = FileDescriptorSet.FromString(descriptors.SerializeToString()).file
    texts = Comments((name, text) for file in files for name, text in comments(file).items())
    pool = DescriptorPool()
    for file in files:
        pool.Add(file)
    _check_rules(pool, [f"{file.package}." for file in files])
    result = _extra()
    schemas = Schemas(texts)
    for file in files:
        for service in file.service:
            _add_service(result, pool, f"{file.package}.{service.name}", texts, schemas)
    result["components"]["schemas"] |= schemas.components
    result["components"]["schemas"] = dict(sorted(result["components"]["schemas"].items()))
    result["paths"] = dict(sorted(result["paths"].items()))
    for operations in result["paths"].values():
        for operation in operations.values():
            _add_gateway_errors(operation["responses"])
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _extra() -> Schema:
    result: Schema = json.loads(_EXTRA.read_text(encoding="utf-8"))
    for name, limits in EXTRA_LIMITS.items():
        schema = result["components"]
        for part in name.split("/"):
            schema = schema[part]
        schema |= limits
    return result


def _add_gateway_errors(responses: Schema) -> None:
    for status in ("400", "431"):
        responses.setdefault(status, {"$ref": "#/components/responses/BadRequest"})


def _add_service(
    result: Schema, pool: DescriptorPool, name: str, texts: dict[str, str], schemas: Schemas
) -> None:
    tag = name.rpartition(".")[2].removesuffix("Service")
    is_public = False
    for method in pool.FindServiceByName(name).methods:
        if not method.GetOptions().HasExtension(annotations_pb2.http):
            continue
        is_public = True
        rule = method.GetOptions().Extensions[annotations_pb2.http]
        verb = next(verb for verb in _VERBS if getattr(rule, verb))
        template = getattr(rule, verb)
        operation = Operation(method, template, rule.body, texts, schemas)
        result["paths"].setdefault(_path(method, template), {})[verb] = {"tags": [tag]} | operation.as_json()
    if is_public:
        result["tags"].append({"name": tag, "description": texts[name]})


class Operation:
    """A method of the REST API."""

    def __init__(
        self, method: MethodDescriptor, template: str, body: str, texts: dict[str, str], schemas: Schemas
    ) -> None:
        self._method = method
        self._input: Descriptor = method.input_type
        self._in_path = frozenset(_VARIABLE.findall(template))
        self._has_body = body == "*"
        self._texts = texts
        self._schemas = schemas
        # The comment of a service that requires an account names the error.
        self._needs_token = "UNAUTHENTICATED" in texts[method.containing_service.full_name]

    def as_json(self) -> Schema:
        """Return the operation object."""
        text = without_errors(self._texts[self._method.full_name])
        result: Schema = {
            "operationId": self._method.name,
            "summary": re.split(r"(?<=[.])\s", text)[0],
            "description": text,
        }
        if parameters := list(self._parameters()):
            result["parameters"] = parameters
        if self._has_body:
            result["requestBody"] = self._request_body()
        result["responses"] = dict(sorted({"200": self._success(), **self._failures()}.items()))
        if self._needs_token:
            result["security"] = [{"bearer": []}]
        return result

    def _parameters(self) -> Iterator[Schema]:
        for field in self._input.fields:
            if field.name in self._in_path or not self._has_body:
                place = {"in": "path", "required": True} if field.name in self._in_path else {"in": "query"}
                schema = self._schemas.parameter(field)
                if field.name in self._in_path:
                    schema = {"minLength": 1} | schema
                described = {"description": self._schemas.description(field), "schema": schema}
                yield {"name": field.json_name} | place | described
        for header in HEADERS.get(self._method.name, []):
            yield {"$ref": f"#/components/parameters/{header}"}

    def _request_body(self) -> Schema:
        is_empty = len(self._input.fields) == len(self._in_path)
        schema = self._schemas.request(self._input, without=self._in_path)
        return {"required": not is_empty, "content": {"application/json": {"schema": schema}}}

    def _success(self) -> Schema:
        output = self._method.output_type
        if output.full_name == "google.api.HttpBody":
            return {
                "description": "The image.",
                "content": {"image/svg+xml": {"schema": {"type": "string"}}},
            }
        schema = self._schemas.response(output)
        return {
            "description": self._texts[output.full_name],
            "content": {"application/json": {"schema": schema}},
        }

    def _failures(self) -> Schema:
        reasons: dict[str, list[str]] = {"400": ["BAD_REQUEST"]}
        for code, names in errors(self._method.full_name, self._texts).items():
            reasons.setdefault(_HTTP_STATUS[code], []).extend(names)
        failures = {status: _error(names) for status, names in reasons.items()}
        common = {"429": "RateLimited", "503": "Unavailable", "504": "TimedOut"}
        if self._needs_token:
            common["401"] = "SignInRequired"
        if self._has_body:
            common["413"] = "TooLarge"
        return failures | {code: {"$ref": f"#/components/responses/{name}"} for code, name in common.items()}


def _error(reasons: list[str]) -> Schema:
    schema = {"$ref": "#/components/schemas/Status"}
    return {
        "description": f"Rejected. The reason is {' or '.join(reasons)}.",
        "content": {"application/json": {"schema": schema}},
    }


def _path(method: MethodDescriptor, template: str) -> str:
    def json_name(match: re.Match[str]) -> str:
        return "{" + method.input_type.fields_by_name[match[1]].json_name + "}"

    return _VARIABLE.sub(json_name, template)


def _check_rules(pool: DescriptorPool, packages: list[str]) -> None:
    for name in [*LIMITS, *(f"{message}.{field}" for message in REQUIRED for field in REQUIRED[message])]:
        if not any(_exists(pool, package + name) for package in packages):
            raise ValueError(f"openapi: rules.py names {name}, which no .proto file has")


def _exists(pool: DescriptorPool, name: str) -> bool:
    try:
        pool.FindFieldByName(name)
    except KeyError:
        return False
    return True
