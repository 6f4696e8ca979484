"""The catalog: products, categories and full-text search."""
