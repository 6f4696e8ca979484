"""Limits and required fields that Protocol Buffers cannot express, for the API's document.

Names are MessageName.field_name, as in the .proto files. A name that does not exist is an error.
"""

from typing import Any

from nightmarket import limits

Schema = dict[str, Any]

_PRODUCT_ID: Schema = {"minLength": 1, "maxLength": limits.MAX_PRODUCT_ID}
_PAGE_TOKEN: Schema = {"maxLength": limits.MAX_PAGE_TOKEN}


def _quantity(minimum: int) -> Schema:
    return {"minimum": minimum, "maximum": limits.MAX_QUANTITY}


def _page_size(default: int, maximum: int = limits.MAX_PAGE_SIZE) -> Schema:
    return {"minimum": 0, "maximum": maximum, "default": default}


def _address(field: str, minimum: int = 1) -> Schema:
    maximum = {"maxLength": limits.MAX_ADDRESS[field]}
    return {"minLength": minimum} | maximum if minimum else maximum


LIMITS: dict[str, Schema] = {
    "AddItemRequest.product_id": _PRODUCT_ID,
    "AddItemRequest.quantity": _quantity(1),
    "Address.city": _address("city"),
    "Address.country_code": {"pattern": f"^{limits.COUNTRY_CODE.pattern}$"},
    "Address.line1": _address("line1"),
    "Address.line2": _address("line2", 0),
    "Address.name": _address("name"),
    "Address.postal_code": _address("postal_code"),
    "BatchGetProductsRequest.ids": {"maxItems": limits.MAX_BATCH},
    "CartItem.quantity": _quantity(1),
    "ListOrdersRequest.page_size": _page_size(limits.ORDERS_PAGE_SIZE),
    "ListOrdersRequest.page_token": _PAGE_TOKEN,
    "ListProductsRequest.page_size": _page_size(limits.PRODUCTS_PAGE_SIZE),
    "ListProductsRequest.page_token": _PAGE_TOKEN,
    "ListProductsRequest.query": {"maxLength": limits.MAX_QUERY},
    "ListRecommendationsRequest.page_size": _page_size(
        limits.RECOMMENDATIONS_PAGE_SIZE, limits.MAX_RECOMMENDATIONS
    ),
    "PlaceOrderRequest.payment_token": {"minLength": 1},
    "Product.id": {"pattern": f"^[a-z0-9-]{{1,{limits.MAX_PRODUCT_ID}}}$"},
    "SetItemRequest.product_id": _PRODUCT_ID,
    "SetItemRequest.quantity": _quantity(0),
    "Stock.available": {"minimum": 0},
}

# The same for extra.json; names are paths below its components.
EXTRA_LIMITS: dict[str, Schema] = {
    "parameters/IdempotencyKey/schema": {"pattern": f"^{limits.IDEMPOTENCY_KEY.pattern}$"},
    "schemas/CreateAccountRequest/properties/email": {"maxLength": limits.MAX_EMAIL},
    "schemas/CreateAccountRequest/properties/name": {"minLength": 1, "maxLength": limits.MAX_NAME},
    "schemas/CreateAccountRequest/properties/password": {
        "minLength": limits.MIN_PASSWORD,
        "maxLength": limits.MAX_PASSWORD,
    },
}

# A request without one of these fields is rejected. The types define which fields a response has.
REQUIRED: dict[str, list[str]] = {
    "AddItemRequest": ["product_id", "quantity"],
    "Address": ["name", "line1", "city", "postal_code", "country_code"],
    "PlaceOrderRequest": ["shipping_address", "payment_token"],
    "SetItemRequest": [],
}

# Header parameters of a method; extra.json defines them.
HEADERS: dict[str, list[str]] = {"PlaceOrder": ["IdempotencyKey"]}
