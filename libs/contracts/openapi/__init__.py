"""The OpenAPI document of the public API, generated from the .proto files and their comments."""

from openapi.document import document

__all__ = ["document"]
