"""The shelves behind the market, for whoever fills them and counts what is there: its tables, read and written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from tools.audit import Stores

_ON_SALE = """
    INSERT INTO products (id, name, description, category, price_cents, image)
    SELECT %(id)s, %(id)s, 'There are only a few of these.', category, 1999, image FROM products LIMIT 1
    ON CONFLICT DO NOTHING
"""
_KNOWN = "INSERT INTO stock (product_id, available) VALUES (%(id)s, 0) ON CONFLICT DO NOTHING"
_DELIVERED = """
    WITH shelf AS (SELECT product_id, %(pieces)s - available AS missing FROM stock WHERE product_id = %(id)s),
    moved AS (
        INSERT INTO movements (reference, product_id, kind, quantity)
        SELECT %(delivery)s, product_id, 'DELIVERED', missing FROM shelf WHERE missing > 0
    )
    UPDATE stock SET available = %(pieces)s FROM shelf WHERE stock.product_id = shelf.product_id AND missing >= 0
"""


@dataclass(frozen=True)
class Stock:
    """The stock of a market."""

    catalog_url: str
    inventory_url: str

    @classmethod
    def of(cls, stores: Stores) -> "Stock":
        """The stock of the stack with these stores."""
        return cls(stores.databases["catalog"], stores.databases["inventory"])

    def fill(self, product_id: str, pieces: int) -> None:
        """Delivers what is missing until there are so many pieces of a product, which goes on sale if it is new."""
        values = {"id": product_id, "pieces": pieces, "delivery": f"delivery-{uuid4()}"}
        with psycopg.connect(self.catalog_url) as catalog:
            catalog.execute(_ON_SALE, values)
        with psycopg.connect(self.inventory_url) as inventory:
            inventory.execute(_KNOWN, values)
            filled = inventory.execute(_DELIVERED, values).rowcount
        assert filled == 1, f"there are more than {pieces} pieces of {product_id} already"

    def count(self, product_id: str) -> dict[str, Any]:
        """The books of a product: available, held, delivered, sold, returned."""
        with psycopg.connect(self.inventory_url, row_factory=dict_row) as inventory:
            found = inventory.execute(
                "SELECT * FROM stock_audit WHERE product_id = %s", (product_id,)
            ).fetchone()
        assert found is not None
        return found

    @contextmanager
    def holding_up(self, product_id: str) -> Iterator[None]:
        """Nobody can reserve this product."""
        with psycopg.connect(self.inventory_url) as somebody:
            somebody.execute("SELECT FROM stock WHERE product_id = %s FOR UPDATE", (product_id,))
            yield

    def waiting(self) -> int:
        """How many reservations wait for another."""
        with psycopg.connect(self.inventory_url) as inventory:
            return inventory.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).rowcount
