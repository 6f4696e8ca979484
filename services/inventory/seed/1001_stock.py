"""The initial stock, from stock.json; applied once per database."""

import json
from pathlib import Path
from typing import Any

from yoyo import step

HERE = Path(__file__).parent
__depends__ = {"0001_stock"}


def deliver(connection: Any) -> None:
    """Insert each product's stock and its delivery; products that exist already stay unchanged."""
    cursor = connection.cursor()
    for product_id, units in json.loads((HERE / "stock.json").read_text(encoding="utf-8")).items():
        cursor.execute(
            "WITH new AS (INSERT INTO stock VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING *)"
            " INSERT INTO movements (reference, product_id, kind, quantity)"
            " SELECT 'first-delivery', product_id, 'DELIVERED', available FROM new",
            (product_id, units),
        )


steps = [step(deliver)]
