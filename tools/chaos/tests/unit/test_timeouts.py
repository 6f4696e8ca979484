"""What shoppers grant is what the gateway says that it takes."""

import re

import pytest

from laptop.gateway import ROOT
from tools.chaos import timeouts

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "gateway" / "README.md").read_text().splitlines()
    if line.startswith("| ")
]


@pytest.mark.parametrize(
    ("request_", "seconds"),
    [
        ("GET `/api/v1/products`", timeouts.READ),
        ("GET `/api/v1/products/{id}/stock`", timeouts.READ),
        ("GET `/api/v1/products/{id}/recommendations`", timeouts.READ),
        ("GET `/api/v1/cart`", timeouts.CART),
        ("POST `/api/v1/cart/items`", timeouts.CART),
        ("GET `/api/v1/orders`", timeouts.LOOK),
        ("POST `/api/v1/orders`", timeouts.CHECKOUT),
        ("GET `/readyz` and every other page", timeouts.SHOP),
    ],
)
def test_the_gateway_s_page_says_the_same(request_, seconds):
    (row,) = [row for row in ROWS if row[0].startswith(request_)]
    (told,) = [float(found[1]) for cell in row if (found := re.fullmatch(r"(\d+) s", cell))]
    assert told == seconds
