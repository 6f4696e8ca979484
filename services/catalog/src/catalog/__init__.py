"""The catalogue: products, categories and full-text search."""
