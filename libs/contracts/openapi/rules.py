"""What the comments of the .proto files say for people, said for programs: limits, and what must be there.

Names are MessageName.field_name, as in the .proto files; one that does not exist is an error.
"""

from typing import Any

Schema = dict[str, Any]

_PRODUCT_ID: Schema = {"minLength": 1, "maxLength": 64}
_PAGE_TOKEN: Schema = {"maxLength": 1024}

LIMITS: dict[str, Schema] = {
    "AddItemRequest.product_id": _PRODUCT_ID,
    "AddItemRequest.quantity": {"minimum": 1, "maximum": 99},
    "Address.city": {"minLength": 1, "maxLength": 100},
    "Address.country_code": {"pattern": "^[A-Z]{2}$"},
    "Address.line1": {"minLength": 1, "maxLength": 200},
    "Address.line2": {"maxLength": 200},
    "Address.name": {"minLength": 1, "maxLength": 100},
    "Address.postal_code": {"minLength": 1, "maxLength": 20},
    "BatchGetProductsRequest.ids": {"maxItems": 100},
    "CartItem.quantity": {"minimum": 1, "maximum": 99},
    "ListOrdersRequest.page_size": {"minimum": 0, "maximum": 100, "default": 20},
    "ListOrdersRequest.page_token": _PAGE_TOKEN,
    "ListProductsRequest.page_size": {"minimum": 0, "maximum": 100, "default": 24},
    "ListProductsRequest.page_token": _PAGE_TOKEN,
    "ListProductsRequest.query": {"maxLength": 200},
    "ListRecommendationsRequest.page_size": {"minimum": 0, "maximum": 20, "default": 4},
    "PlaceOrderRequest.payment_token": {"minLength": 1},
    "Product.id": {"pattern": "^[a-z0-9-]{1,64}$"},
    "SetItemRequest.product_id": _PRODUCT_ID,
    "SetItemRequest.quantity": {"minimum": 0, "maximum": 99},
    "Stock.available": {"minimum": 0},
}

# Without these, a request is refused. (What an answer holds is known from the types.)
REQUIRED: dict[str, list[str]] = {
    "AddItemRequest": ["product_id", "quantity"],
    "Address": ["name", "line1", "city", "postal_code", "country_code"],
    "PlaceOrderRequest": ["shipping_address", "payment_token"],
    "SetItemRequest": [],
}

# Headers that a method takes: parameters among the components of extra.json.
HEADERS: dict[str, list[str]] = {"PlaceOrder": ["IdempotencyKey"]}
