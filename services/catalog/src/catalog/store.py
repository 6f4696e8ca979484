"""The tables of the catalog."""

from dataclasses import fields

from catalog.domain.products import Category, Product, ProductNotFound, Selection
from chassis.postgres import Database, Row

# Each field of a product is a column of the same name.
_FIELDS = [field.name for field in fields(Product)]
_COLUMNS = ", ".join(_FIELDS)
# The end of a page: [category, id] in a plain list, [rank, id] in search results.
Cursor = list[str | int | float] | None


class Store:
    """Products and categories in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def product(self, product_id: str) -> Product:
        """Return the product with this id. Raises ProductNotFound."""
        return _product(self._row(_COLUMNS, product_id))

    def image(self, product_id: str) -> str:
        """Return the image of the product, an SVG document. Raises ProductNotFound."""
        image: str = self._row("image", product_id)["image"]
        return image

    def products(self, ids: list[str]) -> list[Product]:
        """Return the products with these ids, in this order, without unknown ids."""
        with self._database.connection() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM products WHERE id = ANY(%s)",
                ([_without_nul(product_id) for product_id in ids],),
            ).fetchall()
        found = {row["id"]: _product(row) for row in rows}
        return [found[product_id] for product_id in ids if product_id in found]

    def page(self, selection: Selection, size: int, after: Cursor) -> tuple[list[Product], Cursor]:
        """Return up to `size` products after a cursor, and the cursor of the next page; None if it is the last page."""
        rows = (
            self._search(selection, size + 1, after)
            if selection.query
            else self._list(selection, size + 1, after)
        )
        page = rows[:size]
        more = len(rows) > size
        order = "rank" if selection.query else "category"
        return [_product(row) for row in page], [page[-1][order], page[-1]["id"]] if more else None

    def categories(self) -> list[Category]:
        """Return all categories in display order."""
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT slug, c.name, tagline, count(p.id) AS product_count"
                " FROM categories c LEFT JOIN products p ON p.category = c.slug"
                " GROUP BY slug ORDER BY position"
            ).fetchall()
        return [Category(**row) for row in rows]

    def _row(self, columns: str, product_id: str) -> Row:
        with self._database.connection() as connection:
            row = connection.execute(
                f"SELECT {columns} FROM products WHERE id = %s", (_without_nul(product_id),)
            ).fetchone()
        if row is None:
            raise ProductNotFound("There is no such product.")
        return row

    def _list(self, selection: Selection, limit: int, after: Cursor) -> list[Row]:
        category, product_id = after or ("", "")
        with self._database.connection() as connection:
            return connection.execute(
                f"SELECT {_COLUMNS} FROM products"
                " WHERE (category, id) > (%(category)s, %(id)s) AND %(only)s IN ('', category)"
                " ORDER BY category, id LIMIT %(limit)s",
                {"category": category, "id": product_id, "only": selection.category, "limit": limit},
            ).fetchall()

    def _search(self, selection: Selection, limit: int, after: Cursor) -> list[Row]:
        rank, product_id = after or (float("inf"), "")
        with self._database.connection() as connection:
            return connection.execute(
                f"SELECT * FROM (SELECT {_COLUMNS}, ts_rank(search, words)::float8 AS rank"
                "  FROM products, websearch_to_tsquery('english', %(query)s) AS words"
                "  WHERE search @@ words AND %(only)s IN ('', category)) AS found"
                " WHERE rank < %(rank)s OR (rank = %(rank)s AND id > %(id)s)"
                " ORDER BY rank DESC, id LIMIT %(limit)s",
                {
                    "query": selection.query,
                    "only": selection.category,
                    "rank": rank,
                    "id": product_id,
                    "limit": limit,
                },
            ).fetchall()


def _without_nul(product_id: str) -> str:
    return product_id.replace("\0", "")  # PostgreSQL rejects NUL in text, and no id has one


def _product(row: Row) -> Product:
    return Product(**{name: row[name] for name in _FIELDS})
