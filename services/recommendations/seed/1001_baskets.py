"""Initial counts, from the past orders in orders.json.

The file keeps its first name, because databases record applied migrations by name.
"""

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

from yoyo import step

HERE = Path(__file__).parent
__depends__ = {"0001_pairs"}


def add_orders(connection: Any) -> None:
    """Add the past orders to the counts."""
    orders = json.loads((HERE / "orders.json").read_text(encoding="utf-8"))
    sold = Counter(product for order in orders for product in order)
    pairs = Counter(pair for order in orders for pair in permutations(order, 2))
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO sold (product, orders) VALUES (%s, %s)"
        " ON CONFLICT (product) DO UPDATE SET orders = sold.orders + excluded.orders",
        sorted(sold.items()),
    )
    cursor.executemany(
        "INSERT INTO pairs (product_a, product_b, orders) VALUES (%s, %s, %s)"
        " ON CONFLICT (product_a, product_b) DO UPDATE SET orders = pairs.orders + excluded.orders",
        sorted((*pair, count) for pair, count in pairs.items()),
    )


steps = [step(add_orders)]
