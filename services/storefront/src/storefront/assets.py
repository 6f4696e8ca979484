"""Static files. Their address has a version in it, so that browsers may keep them for good."""

import hashlib
import mimetypes
from pathlib import Path

import flask
from werkzeug.wrappers import Response

from chassis.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 60 * 60


class Assets:
    """The files of one folder, kept in memory, under the version that they make together."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
        digest = hashlib.sha256()
        for name, content in self._files.items():
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file, which changes when any of them does."""
        return f"/static/{self.version}/{name}"

    def send(self, name: str, version: str = "", seconds: int = 0) -> Response:
        """A file, to be kept for a year if its address has today's version, else for `seconds`. Raises NotFound."""
        if name not in self._files:
            raise NotFound("FILE_NOT_FOUND", "There is no such file.")
        response = flask.Response(self._files[name], mimetype=mimetypes.guess_type(name)[0])
        is_lasting = version == self.version
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR if is_lasting else seconds
        if is_lasting:
            response.cache_control.immutable = True
        response.set_etag(self.version)
        return response.make_conditional(flask.request)
