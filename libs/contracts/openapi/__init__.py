"""The OpenAPI document of the market's public interface, made from the .proto files and their comments."""

from openapi.document import document

__all__ = ["document"]
