"""The initial categories, products and images, from the files in this folder; applied once per database."""

import json
from pathlib import Path
from typing import Any

from yoyo import step

HERE = Path(__file__).parent
__depends__ = {"0001_products"}


def fill(connection: Any) -> None:
    """Insert new categories and products; existing ones stay unchanged."""
    categories = json.loads((HERE / "categories.json").read_text(encoding="utf-8"))
    products = json.loads((HERE / "products.json").read_text(encoding="utf-8"))
    cursor = connection.cursor()
    for position, category in enumerate(categories):
        cursor.execute(
            "INSERT INTO categories (slug, name, tagline, position) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (category["slug"], category["name"], category["tagline"], position),
        )
    for product in products:
        image = (HERE / "images" / f"{product['id']}.svg").read_text(encoding="utf-8")
        cursor.execute(
            "INSERT INTO products (id, name, description, category, price_cents, image)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            (*(product[key] for key in ("id", "name", "description", "category", "price_cents")), image),
        )


steps = [step(fill)]
