"""The timeouts are those that the gateway documents."""

import re

import pytest

from laptop.gateway import ROOT
from tools.chaos import exchanges

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "gateway" / "README.md").read_text().splitlines()
    if line.startswith("| ")
]


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [
        ("GET `/api/v1/products`", exchanges.READ_TIMEOUT),
        ("GET `/api/v1/products/{id}/stock`", exchanges.READ_TIMEOUT),
        ("GET `/api/v1/products/{id}/recommendations`", exchanges.READ_TIMEOUT),
        ("GET `/api/v1/cart`", exchanges.CART_TIMEOUT),
        ("POST `/api/v1/cart/items`", exchanges.CART_TIMEOUT),
        ("GET `/api/v1/orders`", exchanges.ORDERS_TIMEOUT),
        ("POST `/api/v1/orders`", exchanges.CHECKOUT_TIMEOUT),
        ("GET `/readyz` and every other page", exchanges.PAGE_TIMEOUT),
    ],
)
def test_the_timeout_is_in_the_gateway_s_readme(request_, seconds):
    (row,) = [row for row in ROWS if row[0].startswith(request_)]
    (documented,) = [float(found[1]) for cell in row if (found := re.fullmatch(r"(\d+) s", cell))]
    assert documented == seconds
