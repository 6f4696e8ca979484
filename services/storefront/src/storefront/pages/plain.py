"""What programs ask for: readiness, robots.txt, the icon, static files."""

from flask.typing import ResponseReturnValue

from storefront.assets import Assets
from storefront.readiness import MarketReadiness

_DAY = 24 * 60 * 60


class PlainPages:
    """Answers without a frame."""

    def __init__(self, assets: Assets, readiness: MarketReadiness) -> None:
        self._assets = assets
        self._readiness = readiness

    def readyz(self) -> ResponseReturnValue:
        """GET /readyz: whether the market can sell, and what is missing where it can't."""
        problems = self._readiness.problems()
        return {"status": "not ready" if problems else "ready", **problems}, 503 if problems else 200

    def asset(self, version: str, name: str) -> ResponseReturnValue:
        """GET /static/<version>/<name>"""
        return self._assets.send(name, version)

    def favicon(self) -> ResponseReturnValue:
        """GET /favicon.svg"""
        return self._assets.send("favicon.svg", seconds=_DAY)

    def robots(self) -> ResponseReturnValue:
        """GET /robots.txt"""
        return self._assets.send("robots.txt", seconds=_DAY)
