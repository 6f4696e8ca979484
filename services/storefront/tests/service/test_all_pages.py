"""Rules that hold for every page of the shop."""

from itertools import pairwise

import pytest
from werkzeug.exceptions import HTTPException

from services.storefront.tests.tour import walk
from storefront.headers import POLICY


@pytest.fixture
def pages(visitor, state):
    return walk(visitor, state)


def broken(pages, rule):
    """The pages that break a rule, by name, with what breaks it."""
    found = {name: rule(answer.page) for name, answer in pages.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def name_of(element, page):
    """How a screen reader calls an element."""
    labels = page.all("label", **{"for": element.attributes.get("id", "-")})
    pictures = [picture["alt"] for picture in element.all("img")]
    return element.attributes.get("aria-label") or " ".join(
        [element.text, *(label.text for label in labels), *pictures]
    )


def test_every_page_is_found_and_none_breaks(pages):
    statuses = {name: answer.status for name, answer in pages.items() if answer.status >= 400}
    assert statuses == {
        "/search?q=teas&after=nonsense": 400,
        "/p/no-such": 404,
        "/nowhere": 404,
        "wrong password": 401,
        "taken address": 409,
        "/orders/no-such of a buyer": 404,
        "no town": 400,
        "sold out": 400,
        "closed": 503,
    }


def test_every_page_has_a_language_a_title_and_one_main_heading(pages):
    def wrong(page):
        titled = page.one("html")["lang"] == "en" and not page.one("title").text.startswith("·")
        return not titled or len(page.all("h1")) != 1 or not page.one("h1").text

    assert not broken(pages, wrong)


def test_headings_go_down_one_level_at_a_time(pages):
    def jumps(page):
        levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4")]
        return [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]

    assert not broken(pages, jumps)


def test_every_page_has_its_landmarks(pages):
    def wrong(page):
        navigations = page.all("nav")
        named = [nav for nav in navigations if nav.attributes.get("aria-label")]
        return len(page.all("main")) != 1 or len(page.all("footer")) != 1 or named != navigations

    assert not broken(pages, wrong)


def test_the_first_link_skips_to_the_content(pages):
    assert not broken(pages, lambda page: page.all("a")[0]["href"] != f"#{page.one('main')['id']}")


def test_every_picture_has_a_text_or_says_that_it_needs_none_and_keeps_its_place(pages):
    def wrong(page):
        return [
            image for image in page.all("img") if not {"alt", "width", "height"} <= image.attributes.keys()
        ]

    assert not broken(pages, wrong)


def test_every_field_button_and_link_has_a_name(pages):
    def nameless(page):
        return [
            element
            for element in page.all("input", "select", "button", "a")
            if element.attributes.get("type") != "hidden" and not name_of(element, page).strip()
        ]

    assert not broken(pages, nameless)


def test_ids_are_unique_and_all_references_lead_to_one(pages):
    def wrong(page):
        ids = [element["id"] for element in page.all() if "id" in element.attributes]
        wanted = {
            element[attribute]
            for element in page.all()
            for attribute in ("for", "aria-describedby", "aria-labelledby")
            if attribute in element.attributes
        }
        return len(ids) != len(set(ids)) or wanted - set(ids)

    assert not broken(pages, wrong)


def test_messages_are_announced(pages):
    def silent(page):
        announced = [
            message
            for area in [*page.all(**{"aria-live": "polite"}), *page.all(role="alert")]
            for message in [area, *area.all()]
        ]
        return [
            element
            for element in page.all("p", "div")
            if "message" in element.attributes.get("class", "").split() and element not in announced
        ]

    assert not broken(pages, silent)


def test_no_page_has_scripts_or_styles_of_its_own(pages):
    def inline(page):
        return (
            page.all("script", "style")
            + [element for element in page.all() if [name for name in element.attributes if name[:2] == "on"]]
            + [element for element in page.all() if "style" in element.attributes]
        )

    assert not broken(pages, inline)


def test_every_answer_forbids_what_the_shop_does_not_need_and_is_not_kept(pages):
    wanted = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    found = {
        name: {header: answer.response.headers.get(header) for header in wanted}
        for name, answer in pages.items()
    }
    assert all(headers == wanted for headers in found.values()), found
    assert "default-src 'none'" in POLICY


def test_every_link_form_and_file_leads_somewhere(pages, app):
    routes = app.url_map.bind("shop")

    def leads_nowhere(page):
        targets = {("GET", link["href"]) for link in page.all("a", "link")}
        targets |= {("GET", image["src"]) for image in page.all("img")}
        targets |= {
            (form.attributes.get("method", "get").upper(), form["action"]) for form in page.all("form")
        }
        return [target for target in targets if not known(routes, *target)]

    assert not broken(pages, leads_nowhere)


def known(routes, method, address):
    path = address.partition("?")[0]
    if not path or path.startswith(("#", "/api/v1/products/")):
        return True  # the same page, or a picture that the gateway gets from the catalogue
    try:
        return bool(routes.match(path, method=method))
    except HTTPException:
        return False


def test_every_form_that_changes_something_carries_a_token(pages):
    def bare(page):
        forms = page.all("form", method="post")
        return [form for form in forms if not form.all("input", type="hidden", name="csrf")]

    assert not broken(pages, bare)


def test_what_comes_from_the_data_is_never_markup(pages):
    assert not broken(
        pages, lambda page: page.all("b") != [b for area in page.all("label") for b in area.all("b")]
    )
