"""JSON schemas of messages, by the JSON mapping of Protocol Buffers."""

from __future__ import annotations

from typing import cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from openapi.rules import LIMITS, REQUIRED, Schema

_SCALARS: dict[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    # A JSON number loses digits above 2^53, so 64-bit integers are strings.
    FieldDescriptor.TYPE_INT64: {"type": "string", "pattern": "^-?[0-9]{1,19}$"},
}
_TIMESTAMP = "google.protobuf.Timestamp"
_EXTRA = {"google.type.Money": "Money"}


class Schemas:
    """The schemas in the components of the document: those that the methods refer to."""

    def __init__(self, comments: dict[str, str]) -> None:
        self._comments = comments
        self._names: dict[str, str] = {}
        self._requests: set[str] = set()
        self.components: dict[str, Schema] = {}

    def request(self, message: Descriptor, without: frozenset[str] = frozenset()) -> Schema:
        """Return a reference to the schema of a request body, `without` the fields of the path."""
        return self._reference(message, is_request=True, without=without)

    def response(self, message: Descriptor) -> Schema:
        """Return a reference to the schema of a response."""
        return self._reference(message, is_request=False)

    def parameter(self, field: FieldDescriptor) -> Schema:
        """Return the schema of a path or query parameter, without its description."""
        schema = self._value(field, is_request=True)
        limits = LIMITS.get(_key(field), {})
        return {"type": "array", "items": schema} | limits if field.is_repeated else schema | limits

    def description(self, field: FieldDescriptor) -> str:
        """Return the comment of the field."""
        return self._comments[field.full_name]

    def _reference(
        self, message: Descriptor, *, is_request: bool, without: frozenset[str] = frozenset()
    ) -> Schema:
        if self._names.setdefault(message.name, message.full_name) != message.full_name:
            raise ValueError(f"openapi: {message.full_name} and {self._names[message.name]} share one name")
        if message.name not in self.components or (is_request and message.name not in self._requests):
            if is_request:
                self._requests.add(message.name)
            self.components[message.name] = {}  # a message can contain itself
            self.components[message.name] = self._object(message, is_request, without)
        return {"$ref": f"#/components/schemas/{message.name}"}

    def _object(self, message: Descriptor, is_request: bool, without: frozenset[str]) -> Schema:
        fields = [field for field in message.fields if field.name not in without]
        schema: Schema = {
            "type": "object",
            "description": self._comments[message.full_name],
            "properties": {field.json_name: self._field(field, is_request) for field in fields},
        }
        required = [field.json_name for field in fields if self._is_required(field, is_request)]
        if required:
            schema["required"] = required
        # The gateway rejects an unknown field of a request. A response can get new fields.
        return schema | ({"additionalProperties": False} if is_request else {})

    @staticmethod
    def _is_required(field: FieldDescriptor, is_request: bool) -> bool:
        message = _message_of(field).name
        if is_request or message in REQUIRED:
            return field.name in REQUIRED.get(message, [])
        # A response includes empty values, except a message that is not set.
        return field.is_repeated or field.type != FieldDescriptor.TYPE_MESSAGE

    def _field(self, field: FieldDescriptor, is_request: bool) -> Schema:
        described = {"description": self.description(field)}
        value = self._value(field, is_request)
        if field.is_repeated:
            value = {"type": "array", "items": value}
        return value | LIMITS.get(_key(field), {}) | described

    def _value(self, field: FieldDescriptor, is_request: bool) -> Schema:
        if field.type == FieldDescriptor.TYPE_ENUM:
            return self._enum(cast(EnumDescriptor, field.enum_type))
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            return dict(_SCALARS[field.type])
        message = cast(Descriptor, field.message_type)
        if message.full_name == _TIMESTAMP:
            return {"type": "string", "format": "date-time"}
        if name := _EXTRA.get(message.full_name):
            return {"$ref": f"#/components/schemas/{name}"}
        return self._reference(message, is_request=is_request)

    def _enum(self, enum: EnumDescriptor) -> Schema:
        meanings = [
            f"{value.name}: {self._comments[f'{enum.full_name}.{value.name}']}" for value in enum.values
        ]
        name = f"{enum.containing_type.name}{enum.name}" if enum.containing_type else enum.name
        self.components[name] = {
            "type": "string",
            "description": " ".join([self._comments[enum.full_name], *meanings]),
            "enum": [value.name for value in enum.values],
        }
        return {"$ref": f"#/components/schemas/{name}"}


def _key(field: FieldDescriptor) -> str:
    return f"{_message_of(field).name}.{field.name}"


def _message_of(field: FieldDescriptor) -> Descriptor:
    # Only an extension has none, and these files have no extensions.
    return cast(Descriptor, field.containing_type)
