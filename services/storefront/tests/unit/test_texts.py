from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from jinja2 import Environment

from chassis.errors import AppError, Invalid, Unavailable
from nightmarket.limits import MAX_QUANTITY
from services.storefront.extract_messages import TEMPLATE, extracted
from storefront import texts
from storefront.domain.orders import CARDS, OrderState

TEMPLATES = Path(__file__).parents[2] / "src/storefront/templates"


def test_the_template_for_translators_is_up_to_date():
    assert TEMPLATE.read_text(encoding="utf-8") == extracted(), "run make messages"


def test_texts_of_templates_and_of_code_and_plurals_are_extracted():
    messages = extracted()
    assert 'msgid "Add to cart"' in messages
    assert 'msgid "Authorize the payment"' in messages
    assert 'msgid_plural "%(quantity)s items"' in messages


def test_no_text_contains_characters_that_are_special_in_html_or_in_gettext():
    tables = (
        texts.REASONS,
        texts.STEPS,
        texts.OUTCOMES,
        texts.CARD_NAMES,
        texts.CARD_DESCRIPTIONS,
        texts.STATES,
        texts.COUNTRIES,
    )
    assert not [text for table in tables for text in table.values() if set(text) & set("<>&%")]


def test_every_card_and_every_state_has_a_text():
    assert texts.CARD_NAMES.keys() == texts.CARD_DESCRIPTIONS.keys() == set(CARDS)
    assert texts.STATES.keys() == {state.value for state in OrderState}


def test_the_texts_name_the_maximum_quantity():
    assert all(str(MAX_QUANTITY) in texts.REASONS[reason] for reason in ("QUANTITY_INVALID", "CART_FULL"))


def test_an_error_without_a_text_gets_a_text_by_its_status():
    assert texts.of_error(Invalid("UNHEARD_OF", "secret detail")).startswith("That didn't work.")
    assert texts.of_error(Unavailable("UNHEARD_OF", "secret detail")).startswith("Something went wrong")
    assert texts.of_error(AppError("INTERNAL", "secret detail")).startswith("Something went wrong")


def test_a_compiled_catalog_adds_a_language(tmp_path):
    folder = tmp_path / "nl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "storefront.mo").write_bytes(compiled({"Sign in": "Aanmelden"}))
    translations = texts.load_translations(tmp_path)
    assert set(translations) == {"en", "nl"}
    assert translations["nl"].gettext("Sign in") == "Aanmelden"


def compiled(messages):
    catalog, file = Catalog(locale="nl"), BytesIO()
    for text, translated in messages.items():
        catalog.add(text, translated)
    write_mo(file, catalog)
    return file.getvalue()


def test_templates_can_be_parsed_without_the_app():
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for file in TEMPLATES.glob("*.html"):
        environment.parse(file.read_text(encoding="utf-8"))
