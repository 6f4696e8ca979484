"""The language of a page: which there are, and which one the visitor gets.

Texts are written in English, in the templates and in `texts.py`. A folder translations/<language>/LC_MESSAGES with a
storefront.mo adds a language.
"""

import gettext
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

import flask

DOMAIN = "storefront"
ENGLISH = "en"
Translations = Mapping[str, gettext.NullTranslations]
_FOLDER = Path(__file__).parent / "translations"


def installed(folder: Path = _FOLDER) -> Translations:
    """English, and every language that has its file in `folder`."""
    found: dict[str, gettext.NullTranslations] = {ENGLISH: gettext.NullTranslations()}
    for file in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
        with file.open("rb") as opened:
            found[file.parts[-3]] = gettext.GNUTranslations(opened)
    return found


class Languages:
    """Speaks with each visitor in the language that their browser asks for."""

    def __init__(self, translations: Translations) -> None:
        self._translations = translations
        # Looked up for every text of a page: a variable of the request's thread is the cheapest place.
        self._current: ContextVar[str] = ContextVar("language", default=ENGLISH)

    def attach(self, app: flask.Flask) -> None:
        """Lets the app's templates speak it: `_`, `gettext`, `ngettext` and {% trans %}, and `language` its name."""
        app.before_request(self._choose)
        app.jinja_env.add_extension("jinja2.ext.i18n")
        app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
            self._gettext, self._ngettext, newstyle=True
        )
        app.jinja_env.globals["language"] = self._current.get

    def _choose(self) -> None:
        self._current.set(flask.request.accept_languages.best_match(self._translations, ENGLISH))

    def _gettext(self, text: str) -> str:
        return self._translations[self._current.get()].gettext(text)

    def _ngettext(self, one: str, many: str, number: int) -> str:
        return self._translations[self._current.get()].ngettext(one, many, number)
