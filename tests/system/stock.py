"""Set and read the stock of products in the databases of catalog and inventory."""

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
    SELECT %(id)s, %(id)s, 'Limited stock.', category, 1999, image FROM products LIMIT 1
    ON CONFLICT DO NOTHING
"""
_STOCKED = "INSERT INTO stock (product_id, available) VALUES (%(id)s, 0) ON CONFLICT DO NOTHING"
_DELIVERED = """
    WITH existing AS (SELECT product_id, %(units)s - available AS missing FROM stock WHERE product_id = %(id)s),
    moved AS (
        INSERT INTO movements (reference, product_id, kind, quantity)
        SELECT %(delivery)s, product_id, 'DELIVERED', missing FROM existing WHERE missing > 0
    )
    UPDATE stock SET available = %(units)s FROM existing WHERE stock.product_id = existing.product_id AND missing >= 0
"""


@dataclass(frozen=True)
class Stock:
    """The stock of a stack."""

    catalog_url: str
    inventory_url: str

    @classmethod
    def of(cls, stores: Stores) -> "Stock":
        """Return the stock of the stack with these stores."""
        return cls(stores.databases["catalog"], stores.databases["inventory"])

    def fill(self, product_id: str, units: int) -> None:
        """Deliver units until `units` of the product are available. The product is created if it is new."""
        values = {"id": product_id, "units": units, "delivery": f"delivery-{uuid4()}"}
        with psycopg.connect(self.catalog_url) as catalog:
            catalog.execute(_ON_SALE, values)
        with psycopg.connect(self.inventory_url) as inventory:
            inventory.execute(_STOCKED, values)
            filled = inventory.execute(_DELIVERED, values).rowcount
        assert filled == 1, f"more than {units} units of {product_id} are in stock already"

    def count(self, product_id: str) -> dict[str, Any]:
        """Return how many units of a product are available, held, delivered, sold and returned."""
        with psycopg.connect(self.inventory_url, row_factory=dict_row) as inventory:
            found = inventory.execute(
                "SELECT * FROM stock_audit WHERE product_id = %s", (product_id,)
            ).fetchone()
        assert found is not None
        return found

    @contextmanager
    def locked(self, product_id: str) -> Iterator[None]:
        """Lock the product's row, so that reservations of it wait."""
        with psycopg.connect(self.inventory_url) as connection:
            connection.execute("SELECT FROM stock WHERE product_id = %s FOR UPDATE", (product_id,))
            yield

    def waiting_reservations(self) -> int:
        """Return how many reservations wait for a lock."""
        with psycopg.connect(self.inventory_url) as inventory:
            return inventory.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).rowcount
