"""The market's past: the baskets beside this file, counted as if they had been bought."""

import json
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

from yoyo import step

HERE = Path(__file__).parent
__depends__ = {"0001_pairs"}


def count(connection: Any) -> None:
    """Adds the baskets to the counts."""
    baskets = json.loads((HERE / "baskets.json").read_text(encoding="utf-8"))
    sold = Counter(product for basket in baskets for product in basket)
    pairs = Counter(pair for basket in baskets for pair in permutations(basket, 2))
    cursor = connection.cursor()
    cursor.executemany(
        "INSERT INTO sold (product, orders) VALUES (%s, %s)"
        " ON CONFLICT (product) DO UPDATE SET orders = sold.orders + excluded.orders",
        sorted(sold.items()),
    )
    cursor.executemany(
        "INSERT INTO pairs (product_a, product_b, orders) VALUES (%s, %s, %s)"
        " ON CONFLICT (product_a, product_b) DO UPDATE SET orders = pairs.orders + excluded.orders",
        sorted((*pair, orders) for pair, orders in pairs.items()),
    )


steps = [step(count)]
