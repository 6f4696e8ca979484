"""Limits and formats that several services share. This module imports the standard library only, as any domain may.

The API's document takes its limits from here, too (libs/contracts/openapi/rules.py). A limit that only one service
needs belongs to that service's domain.
"""

import re

# What can be bought at once: units of one product, and products in a cart, an order or a reservation.
MAX_QUANTITY = 99
MAX_LINES = 50

MAX_PRODUCT_ID = 64
MAX_QUERY = 200  # characters of a product search
MAX_BATCH = 100  # products that one BatchGetProducts returns

# Items of one page: the most that a caller can ask for, and how many it gets without asking.
MAX_PAGE_SIZE = 100
PRODUCTS_PAGE_SIZE = 24
ORDERS_PAGE_SIZE = 20
MAX_RECOMMENDATIONS = 20
RECOMMENDATIONS_PAGE_SIZE = 4
MAX_PAGE_TOKEN = 1024

MAX_EMAIL = 254  # RFC 5321
MAX_NAME = 100
MIN_PASSWORD, MAX_PASSWORD = 8, 128

# The longest value of each field of a shipping address, in characters.
MAX_ADDRESS = {"name": MAX_NAME, "line1": 200, "line2": 200, "city": 100, "postal_code": 20}
COUNTRY_CODE = re.compile(r"[A-Z]{2}")

MAX_AMOUNT_CENTS = 99_999_999  # of one payment
PAYMENT_TOKEN = re.compile(r"[!-~]{1,64}")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,128}")
ORDER_ID = re.compile(r"[!-~]{1,64}")


class OrderIdInvalid(Exception):
    """No order can have this ID."""


def check_order_id(order_id: str) -> str:
    """Return the ID. Raises OrderIdInvalid if it does not have 1 to 64 visible ASCII characters."""
    if not ORDER_ID.fullmatch(order_id):
        raise OrderIdInvalid("An order ID has 1 to 64 visible ASCII characters.")
    return order_id
