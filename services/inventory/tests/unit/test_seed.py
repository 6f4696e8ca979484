import json
from pathlib import Path

SERVICES = Path(__file__).parents[3]


def test_there_is_stock_of_every_product_in_the_catalogue_and_of_no_other():
    stock = json.loads((SERVICES / "inventory/seed/stock.json").read_text(encoding="utf-8"))
    products = json.loads((SERVICES / "catalog/seed/products.json").read_text(encoding="utf-8"))
    assert set(stock) == {product["id"] for product in products}
