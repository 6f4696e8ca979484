from google.api import annotations_pb2 as _annotations_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListRecommendationsRequest(_message.Message):
    __slots__ = ("product_id", "page_size")
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    product_id: str
    page_size: int
    def __init__(self, product_id: _Optional[str] = ..., page_size: _Optional[int] = ...) -> None: ...

class RecommendedProduct(_message.Message):
    __slots__ = ("id", "orders")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    id: str
    orders: int
    def __init__(self, id: _Optional[str] = ..., orders: _Optional[int] = ...) -> None: ...

class ListRecommendationsResponse(_message.Message):
    __slots__ = ("products", "model")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[RecommendedProduct]
    model: str
    def __init__(self, products: _Optional[_Iterable[_Union[RecommendedProduct, _Mapping]]] = ..., model: _Optional[str] = ...) -> None: ...
