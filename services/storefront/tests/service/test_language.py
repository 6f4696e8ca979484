import gettext
import re

import pytest

from services.storefront.tests.service.conftest import built_app
from services.storefront.tests.tour import tour
from services.storefront.tests.visitor import Visitor

VISIBLE_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
# Names of programs, and times: the same in every language.
UNTRANSLATED = ("code", "time")


class PseudoLanguage(gettext.NullTranslations):
    """A language that puts every translated text in brackets."""

    def gettext(self, message):
        return f"[{message}]"

    def ngettext(self, singular, plural, number):
        return f"[{singular if number == 1 else plural}]"


@pytest.fixture
def foreigner(stack, state):
    translations = {"en": gettext.NullTranslations(), "xx": PseudoLanguage()}
    with built_app(stack.config, translations) as app:
        visitor = Visitor(app.test_client())
        visitor.language = "xx-YY,xx;q=0.9,en;q=0.5"
        yield visitor


def texts(element):
    """Return every text that a visitor can read or hear."""
    found = [element[name] for name in VISIBLE_ATTRIBUTES if name in element.attributes]
    if element.tag == "meta" and element.attributes.get("name") == "description":
        found.append(element["content"])
    for part in element.content:
        if isinstance(part, str):
            found.append(part)
        elif part.tag not in UNTRANSLATED:
            found += texts(part)
    return found


def untranslated_words(answer):
    """Return the words of a page that are neither translated nor data."""
    text = " ".join(texts(answer.page))
    rest = re.sub(r"¤[^¤]*¤|\[[^\[\]]*\]", "", re.sub(r"¤[^¤]*¤", "", text))
    return [word for word in re.findall(r"[^\W\d_]{2,}", rest) if word not in ("ada", "example", "com")]


def test_every_text_of_the_shop_is_translated(foreigner, state):
    words = {name: untranslated_words(answer) for name, answer in tour(foreigner, state).items()}
    assert {name: left for name, left in words.items() if left} == {}


def test_the_page_names_its_language(foreigner):
    assert foreigner.get("/").page.one("html")["lang"] == "xx"


@pytest.mark.parametrize("accepted", ["", "en-GB", "de,fr;q=0.5", "nonsense;;q=x", "*"])
def test_the_page_is_in_english_if_the_language_is_not_available(foreigner, accepted):
    foreigner.language = accepted
    assert foreigner.get("/").page.one("html")["lang"] == "en"
