"""Static files. Their address has a version in it, so that browsers may keep them for good."""

import hashlib
from pathlib import Path

import flask

_FOLDER = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 60 * 60


class Assets:
    """The files of one folder, under the version that they make together."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._folder = folder
        digest = hashlib.sha256()
        for file in sorted(folder.iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file, which changes when any of them does."""
        return f"/static/{self.version}/{name}"

    def send(self, name: str, version: str = "", seconds: int = 0) -> flask.Response:
        """A file, to be kept for a year if its address has today's version, else for `seconds`."""
        response = flask.send_from_directory(self._folder, name)
        is_lasting = version == self.version
        response.cache_control.no_cache = None
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR if is_lasting else seconds
        response.cache_control.immutable = is_lasting
        return response
