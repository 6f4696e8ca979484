"""The tables of recommendations: how often products were bought, alone and together."""

from chassis.postgres import Connection, Database
from recommendations.domain.recommendations import CoPurchase, Model, Recommendation

# Each query reads the start of one index. It reads the index of bestsellers only if there are no pairs.
_QUERIES = {
    Model.V1: """
        WITH together AS MATERIALIZED (
            SELECT product_b AS product, orders FROM pairs WHERE product_a = %(product)s
            ORDER BY orders DESC, product_b LIMIT %(size)s)
        SELECT product, orders FROM together
        UNION ALL
        (SELECT product, orders FROM sold
         WHERE NOT EXISTS (SELECT FROM together) AND product <> %(product)s
         ORDER BY orders DESC, product LIMIT %(size)s)""",
    Model.V2: """
        WITH candidates AS (
            SELECT product_b AS product, orders FROM pairs WHERE product_a = %(product)s
            ORDER BY orders DESC, product_b LIMIT 100),
        together AS MATERIALIZED (
            SELECT product, candidates.orders FROM candidates JOIN sold USING (product)
            ORDER BY candidates.orders / sqrt(sold.orders) DESC, product LIMIT %(size)s)
        SELECT product, orders FROM together
        UNION ALL
        (SELECT product, orders FROM sold
         WHERE NOT EXISTS (SELECT FROM together) AND product <> %(product)s
         ORDER BY orders DESC, product LIMIT %(size)s)""",
}


class Store:
    """The counts in PostgreSQL, ranked by a model."""

    def __init__(self, database: Database, model: Model) -> None:
        self._database = database
        self._query = _QUERIES[model]

    def recommendations(self, product_id: str, size: int) -> list[Recommendation]:
        """Return up to `size` products, the best first; the bestsellers if no pairs are known."""
        with self._database.connection() as connection:
            rows = connection.execute(
                self._query, {"product": product_id.replace("\0", ""), "size": size}
            ).fetchall()
        return [Recommendation(row["product"], row["orders"]) for row in rows]

    def add_co_purchase(self, connection: Connection, co_purchase: CoPurchase) -> None:
        """Add an order's products and pairs to the counts, in the caller's transaction.

        Rows are always locked in the same order, so that concurrent orders can't deadlock.
        """
        connection.execute(
            "INSERT INTO sold (product, orders)"
            " SELECT product, 1 FROM unnest(%s::text[]) AS product ORDER BY product"
            " ON CONFLICT (product) DO UPDATE SET orders = sold.orders + 1",
            (co_purchase.products,),
        )
        connection.execute(
            "INSERT INTO pairs (product_a, product_b, orders)"
            " SELECT a, b, 1 FROM unnest(%s::text[], %s::text[]) AS pair (a, b) ORDER BY a, b"
            " ON CONFLICT (product_a, product_b) DO UPDATE SET orders = pairs.orders + 1",
            ([a for a, _ in co_purchase.pairs], [b for _, b in co_purchase.pairs]),
        )
