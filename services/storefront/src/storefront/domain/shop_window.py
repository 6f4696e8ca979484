"""Which products the home page shows."""

from collections.abc import Iterable
from datetime import date

from storefront.domain.goods import Product


def picks(products: Iterable[Product], day: date) -> list[Product]:
    """One product of each stall, the next one every day, in the order in which the stalls come first."""
    stalls: dict[str, list[Product]] = {}
    for product in products:
        stalls.setdefault(product.category, []).append(product)
    return [stall[day.toordinal() % len(stall)] for stall in stalls.values()]


def samples(products: Iterable[Product], shown: Iterable[Product]) -> dict[str, Product]:
    """For each stall a product that stands for it, by the stall's slug: another than those shown, where it can."""
    taken = {product.id for product in shown}
    found: dict[str, Product] = {}
    for product in products:
        standing = found.setdefault(product.category, product)
        if standing.id in taken and product.id not in taken:
            found[product.category] = product
    return found
