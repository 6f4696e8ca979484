"""Rules that hold for every page of the shop."""

from itertools import pairwise

import pytest
from werkzeug.exceptions import HTTPException

from services.storefront.tests.tour import tour
from storefront.app import CONTENT_SECURITY_POLICY


@pytest.fixture
def pages(visitor, state):
    return tour(visitor, state)


def violations(pages, rule):
    """Return what breaks a rule, by the name of the page."""
    found = {name: rule(answer.page) for name, answer in pages.items()}
    return {name: broken for name, broken in found.items() if broken}


def accessible_name(element, page):
    """Return the name by which a screen reader announces an element."""
    labels = page.all("label", **{"for": element.attributes.get("id", "-")})
    pictures = [picture["alt"] for picture in element.all("img")]
    return element.attributes.get("aria-label") or " ".join(
        [element.text, *(label.text for label in labels), *pictures]
    )


def test_every_page_has_its_status(pages):
    statuses = {name: answer.status for name, answer in pages.items() if answer.status >= 400}
    assert statuses == {
        "/search?q=teas&after=nonsense": 400,
        "/p/no-such": 404,
        "/nowhere": 404,
        "wrong password": 401,
        "email taken": 409,
        "/orders/no-such of a buyer": 404,
        "no city": 400,
        "sold out": 400,
        "orders is down": 503,
    }


def test_every_page_has_a_language_a_title_and_one_main_heading(pages):
    def wrong(page):
        titled = page.one("html")["lang"] == "en" and not page.one("title").text.startswith("·")
        return not titled or len(page.all("h1")) != 1 or not page.one("h1").text

    assert not violations(pages, wrong)


def test_heading_levels_increase_by_one(pages):
    def jumps(page):
        levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4")]
        return [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1]

    assert not violations(pages, jumps)


def test_every_page_has_its_landmarks(pages):
    def wrong(page):
        navigations = page.all("nav")
        named = [nav for nav in navigations if nav.attributes.get("aria-label")]
        return len(page.all("main")) != 1 or len(page.all("footer")) != 1 or named != navigations

    assert not violations(pages, wrong)


def test_the_first_link_skips_to_the_main_content(pages):
    assert not violations(pages, lambda page: page.all("a")[0]["href"] != f"#{page.one('main')['id']}")


def test_every_image_has_alternative_text_and_a_size(pages):
    def wrong(page):
        return [
            image for image in page.all("img") if not {"alt", "width", "height"} <= image.attributes.keys()
        ]

    assert not violations(pages, wrong)


def test_every_field_button_and_link_has_an_accessible_name(pages):
    def nameless(page):
        return [
            element
            for element in page.all("input", "select", "button", "a")
            if element.attributes.get("type") != "hidden" and not accessible_name(element, page).strip()
        ]

    assert not violations(pages, nameless)


def test_ids_are_unique_and_every_reference_has_its_target(pages):
    def wrong(page):
        ids = [element["id"] for element in page.all() if "id" in element.attributes]
        references = {
            element[attribute]
            for element in page.all()
            for attribute in ("for", "aria-describedby", "aria-labelledby")
            if attribute in element.attributes
        }
        return len(ids) != len(set(ids)) or references - set(ids)

    assert not violations(pages, wrong)


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

    assert not violations(pages, silent)


def test_no_page_has_inline_scripts_or_styles(pages):
    def inline(page):
        return (
            page.all("script", "style")
            + [element for element in page.all() if [name for name in element.attributes if name[:2] == "on"]]
            + [element for element in page.all() if "style" in element.attributes]
        )

    assert not violations(pages, inline)


def test_every_page_has_security_headers_and_is_not_cached(pages):
    wanted = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    found = {
        name: {header: answer.response.headers.get(header) for header in wanted}
        for name, answer in pages.items()
    }
    assert all(headers == wanted for headers in found.values()), found
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY


def test_every_link_form_and_file_exists(pages, app):
    routes = app.url_map.bind("shop")

    def missing_targets(page):
        targets = {("GET", link["href"]) for link in page.all("a", "link")}
        targets |= {("GET", image["src"]) for image in page.all("img")}
        targets |= {
            (form.attributes.get("method", "get").upper(), form["action"]) for form in page.all("form")
        }
        return [target for target in targets if not exists(routes, *target)]

    assert not violations(pages, missing_targets)


def exists(routes, method, url):
    path = url.partition("?")[0]
    if not path or path.startswith(("#", "/api/v1/products/")):
        return True  # the same page, or a picture that the catalog serves
    try:
        return bool(routes.match(path, method=method))
    except HTTPException:
        return False


def test_every_form_that_is_posted_has_a_csrf_token(pages):
    def bare(page):
        forms = page.all("form", method="post")
        return [form for form in forms if not form.all("input", type="hidden", name="csrf_token")]

    assert not violations(pages, bare)


def test_data_is_escaped(pages):
    assert not violations(
        pages, lambda page: page.all("b") != [b for area in page.all("label") for b in area.all("b")]
    )
