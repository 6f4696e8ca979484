import gettext
import re

import pytest

from services.storefront.tests.service.conftest import built
from services.storefront.tests.tour import walk
from services.storefront.tests.visitor import Visitor

VISIBLE = ("alt", "aria-label", "placeholder", "title")
# Words of programs, and times: the same in every language.
UNTRANSLATED = ("code", "time")


class Pseudo(gettext.NullTranslations):
    """A language that puts brackets around everything that it translates."""

    def gettext(self, message):
        return f"[{message}]"

    def ngettext(self, one, many, number):
        return f"[{one if number == 1 else many}]"


@pytest.fixture
def abroad(market, state):
    with built(market.config, {"en": gettext.NullTranslations(), "xx": Pseudo()}) as app:
        visitor = Visitor(app.test_client())
        visitor.language = "xx-YY,xx;q=0.9,en;q=0.5"
        yield visitor


def words(element):
    """Every text that a visitor can read or hear."""
    found = [element[name] for name in VISIBLE if name in element.attributes]
    if element.tag == "meta" and element.attributes.get("name") == "description":
        found.append(element["content"])
    for part in element.inside:
        if isinstance(part, str):
            found.append(part)
        elif part.tag not in UNTRANSLATED:
            found += words(part)
    return found


def forgotten(answer):
    """What is left of a page's words without the translated ones and without the data."""
    told = " ".join(words(answer.page))
    rest = re.sub(r"¤[^¤]*¤|\[[^\[\]]*\]", "", re.sub(r"¤[^¤]*¤", "", told))
    return re.findall(r"[^\W\d_]{2,}", rest)


def test_no_text_of_the_shop_bypasses_translation(abroad, state):
    found = {name: forgotten(answer) for name, answer in walk(abroad, state).items()}
    found = {
        name: [word for word in left if word not in ("ada", "example", "com")] for name, left in found.items()
    }
    assert {name: left for name, left in found.items() if left} == {}


def test_the_page_says_which_language_it_speaks(abroad):
    assert abroad.get("/").page.one("html")["lang"] == "xx"


@pytest.mark.parametrize("wanted", ["", "en-GB", "de,fr;q=0.5", "nonsense;;q=x", "*"])
def test_who_wants_a_language_that_there_is_not_gets_english(abroad, wanted):
    abroad.language = wanted
    assert abroad.get("/").page.one("html")["lang"] == "en"
