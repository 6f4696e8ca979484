"""The tables of recommendations."""

from chassis.postgres import Connection, Database
from recommendations.domain.baskets import Lesson
from recommendations.domain.models import Model, Recommendation

# Each query reads the start of one index; that of the bestsellers is read only where no pair is known.
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
    """Counts of what was bought together, in PostgreSQL."""

    def __init__(self, database: Database, model: Model) -> None:
        self._database = database
        self._query = _QUERIES[model]

    def recommendations(self, product_id: str, size: int) -> list[Recommendation]:
        """Up to `size` products, the best first."""
        with self._database.connection() as connection:
            rows = connection.execute(
                self._query, {"product": product_id.replace("\0", ""), "size": size}
            ).fetchall()
        return [Recommendation(row["product"], row["orders"]) for row in rows]


def learn(connection: Connection, lesson: Lesson) -> None:
    """Adds a lesson to the counts, in the caller's transaction.

    Rows are taken in one order everywhere, so that two lessons never wait for one another.
    """
    connection.execute(
        "INSERT INTO sold (product, orders)"
        " SELECT product, 1 FROM unnest(%s::text[]) AS product ORDER BY product"
        " ON CONFLICT (product) DO UPDATE SET orders = sold.orders + 1",
        (lesson.products,),
    )
    connection.execute(
        "INSERT INTO pairs (product_a, product_b, orders)"
        " SELECT a, b, 1 FROM unnest(%s::text[], %s::text[]) AS pair (a, b) ORDER BY a, b"
        " ON CONFLICT (product_a, product_b) DO UPDATE SET orders = pairs.orders + 1",
        ([a for a, _ in lesson.pairs], [b for _, b in lesson.pairs]),
    )
