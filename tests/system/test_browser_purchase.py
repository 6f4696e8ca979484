"""The shop as people meet it: in a real browser, through the gateway."""

import shutil
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium on this machine (Debian: apt install chromium)"
    ),
]
PASSWORD = "correct horse battery"
PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 900}
PRODUCT = "moon-lamp"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, market: str) -> Iterator[Page]:
    """A new visitor with scripts switched off, on a desk. The browser may complain about nothing."""
    context = browser.new_context(base_url=market, java_script_enabled=False, viewport=DESK)
    page = context.new_page()
    complaints: list[str] = []

    def note_error(answer: Response) -> None:
        if answer.status >= 400:
            complaints.append(f"{answer.status} {answer.url}")

    page.on("console", lambda message: complaints.append(message.text))
    page.on("response", note_error)
    yield page
    context.close()
    assert complaints == []


def sign_up(page: Page) -> None:
    """From the form to sign in, by way of the form to sign up."""
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail address").fill(f"{uuid.uuid4().hex}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()


def check_out(page: Page, card: str) -> None:
    """From the basket to the button that places the order."""
    page.get_by_role("link", name="Check out").click()
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("Street and number").fill("12 St James's Square")
    page.get_by_label("Postal code").fill("SW1Y 4JH")
    page.get_by_label("Town").fill("London")
    page.get_by_label("Country").select_option("GB")
    page.get_by_label(card).check()


def basket_of_a_new_buyer(page: Page) -> None:
    """Picks a lamp and signs up."""
    page.goto(f"/p/{PRODUCT}")
    page.get_by_role("button", name="Put in basket").click()
    sign_up(page)


def state(page: Page) -> str:
    """The word beside the heading of an order."""
    return page.locator("h1 .state").inner_text()


def test_a_visitor_finds_a_product_and_buys_it_without_any_script(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Search the market").fill("moon lamp")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Moon Lamp").click()
    expect(page.get_by_text("In stock")).to_be_visible()
    page.get_by_label("Pieces").fill("2")
    page.get_by_role("button", name="Put in basket").click()
    sign_up(page)
    expect(page.get_by_role("spinbutton", name="Pieces of Moon Lamp")).to_have_value("2")
    check_out(page, "Visa")
    page.get_by_role("button", name="Place the order").click()
    assert state(page) in ("confirmed", "on its way")
    expect(page.get_by_text("2 \u00d7 Moon Lamp")).to_be_visible()


def test_the_journey_is_told_in_words_with_its_services(page: Page) -> None:
    basket_of_a_new_buyer(page)
    check_out(page, "Mastercard")
    page.get_by_role("button", name="Place the order").click()
    steps = page.locator(".journey h3").all_inner_texts()
    services = page.locator(".journey .service").all_inner_texts()
    assert steps[:3] == ["Write the order down", "Put the pieces aside", "Check the card, hold the amount"]
    assert services[:3] == ["orders", "inventory", "payments"]
    assert not [step for step in steps if "." in step]


def test_a_form_that_is_sent_twice_makes_one_order(page: Page) -> None:
    basket_of_a_new_buyer(page)
    check_out(page, "Visa")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Place the order").click()
    page.wait_for_url("**/orders/*")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    again = page.context.request.post("/checkout", data=sent.value.post_data, headers=kind)
    assert again.url == page.url
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.locator(".orders li")).to_have_count(1)


def test_going_back_after_an_order_leads_to_an_empty_basket(page: Page) -> None:
    basket_of_a_new_buyer(page)
    check_out(page, "Visa")
    page.get_by_role("button", name="Place the order").click()
    page.wait_for_url("**/orders/*")
    page.go_back()
    expect(page.get_by_text("There is nothing in your basket yet.")).to_be_visible()


def test_pictures_are_shown(page: Page) -> None:
    page.goto(f"/p/{PRODUCT}")
    assert page.locator("article img").evaluate("image => image.complete && image.naturalWidth > 0")
    page.goto("/")
    assert page.locator(".hero img").evaluate("image => image.complete && image.naturalWidth > 0")


def test_a_buyer_needs_no_mouse(page: Page) -> None:
    page.goto(f"/p/{PRODUCT}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Pieces")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/", "/c/lanterns", "/search?q=tea", f"/p/{PRODUCT}", "/sign-in", "/sign-up"]
)
def test_nothing_is_wider_than_a_small_phone(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(path)
    assert too_wide(page) == 0


def test_nothing_of_a_purchase_is_wider_than_a_small_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    basket_of_a_new_buyer(page)
    widths = [too_wide(page)]
    check_out(page, "Visa")
    widths.append(too_wide(page))
    page.get_by_role("button", name="Place the order").click()
    widths.append(too_wide(page))
    page.get_by_role("link", name="Orders", exact=True).click()
    widths.append(too_wide(page))
    assert widths == [0, 0, 0, 0]


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found
