"""The yardstick: the smallest Flask application that there is."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Says hello."""
    return "hello"
