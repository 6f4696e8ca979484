import json
from pathlib import Path

SERVICES = Path(__file__).parents[3]


def test_exactly_the_products_of_the_catalog_are_in_stock():
    stock = json.loads((SERVICES / "inventory/seed/stock.json").read_text(encoding="utf-8"))
    products = json.loads((SERVICES / "catalog/seed/products.json").read_text(encoding="utf-8"))
    assert set(stock) == {product["id"] for product in products}
