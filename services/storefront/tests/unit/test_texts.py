from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from jinja2 import Environment

from chassis.errors import AppError, Invalid, Unavailable
from services.storefront.collect import TEMPLATE, collected
from storefront import texts
from storefront.countries import COUNTRIES
from storefront.domain.cards import CARDS
from storefront.domain.orders import State
from storefront.language import installed

TEMPLATES = Path(__file__).parents[2] / "src/storefront/templates"


def test_the_file_for_translators_has_every_text():
    assert TEMPLATE.read_text(encoding="utf-8") == collected(), "run services/storefront/collect.py"


def test_the_file_for_translators_has_texts_of_pages_of_code_and_with_numbers():
    collection = collected()
    assert 'msgid "Put in basket"' in collection
    assert 'msgid "Check the card, hold the amount"' in collection
    assert 'msgid_plural "%(pieces)s pieces"' in collection


def test_no_text_has_signs_that_mean_something_to_html_or_to_the_translation():
    every = [*COUNTRIES.values()]
    for table in (
        texts.REASONS,
        texts.STEPS,
        texts.OUTCOMES,
        texts.CARD_NAMES,
        texts.CARD_STORIES,
        texts.STATES,
    ):
        every += table.values()
    assert not [text for text in every if set(text) & set("<>&%")]


def test_every_card_and_every_state_has_its_words():
    assert texts.CARD_NAMES.keys() == texts.CARD_STORIES.keys() == set(CARDS)
    assert texts.STATES.keys() == {state.value for state in State}


def test_an_error_without_words_of_its_own_is_told_by_its_kind():
    assert texts.of_error(Invalid("NEVER_HEARD_OF", "secret detail")).startswith("This did not work.")
    assert texts.of_error(Unavailable("NEVER_HEARD_OF", "secret detail")).startswith("Something went wrong")
    assert texts.of_error(AppError("INTERNAL", "secret detail")).startswith("Something went wrong")


def test_a_language_is_added_by_its_file(tmp_path):
    folder = tmp_path / "nl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "storefront.mo").write_bytes(compiled({"Sign in": "Aanmelden"}))
    languages = installed(tmp_path)
    assert set(languages) == {"en", "nl"}
    assert languages["nl"].gettext("Sign in") == "Aanmelden"


def compiled(translations):
    catalog, file = Catalog(locale="nl"), BytesIO()
    for text, translated in translations.items():
        catalog.add(text, translated)
    write_mo(file, catalog)
    return file.getvalue()


def test_templates_are_understood_without_the_app():
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for file in TEMPLATES.glob("*.html"):
        environment.parse(file.read_text(encoding="utf-8"))
