"""Purchases in the web shop with a real browser, through the gateway."""

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
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PRODUCT = "moon-lamp"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, stack_url: str) -> Iterator[Page]:
    """A new visitor without JavaScript on a desktop. The browser may report no error and no warning."""
    context = browser.new_context(base_url=stack_url, java_script_enabled=False, viewport=DESKTOP)
    page = context.new_page()
    problems: list[str] = []

    def note_error(answer: Response) -> None:
        if answer.status >= 400:
            problems.append(f"{answer.status} {answer.url}")

    page.on("console", lambda message: problems.append(message.text))
    page.on("response", note_error)
    yield page
    context.close()
    assert problems == []


def sign_up(page: Page) -> None:
    """Go from the sign-in form to the sign-up form and create an account."""
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Email").fill(f"{uuid.uuid4().hex}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def check_out(page: Page, card: str) -> None:
    """Go from the cart to the checkout and fill in the form."""
    page.get_by_role("link", name="Check out").click()
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Street address").fill("12 St James's Square")
    page.get_by_label("Postal code").fill("SW1Y 4JH")
    page.get_by_label("City").fill("London")
    page.get_by_label("Country").select_option("GB")
    page.get_by_label(card).check()


def add_to_cart_and_sign_up(page: Page) -> None:
    """Add a lamp to the cart and create an account."""
    page.goto(f"/p/{PRODUCT}")
    page.get_by_role("button", name="Add to cart").click()
    sign_up(page)


def state(page: Page) -> str:
    """Return the state beside the heading of an order."""
    return page.locator("h1 .state").inner_text()


def test_a_visitor_finds_and_buys_a_product_without_javascript(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Search the market").fill("moon lamp")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Moon Lamp").click()
    expect(page.get_by_text("In stock")).to_be_visible()
    page.get_by_label("Quantity").fill("2")
    page.get_by_role("button", name="Add to cart").click()
    sign_up(page)
    expect(page.get_by_role("spinbutton", name="Quantity of Moon Lamp")).to_have_value("2")
    check_out(page, "Visa")
    page.get_by_role("button", name="Place order").click()
    assert state(page) in ("confirmed", "shipped")
    expect(page.get_by_text("2 \u00d7 Moon Lamp")).to_be_visible()


def test_the_journey_shows_each_step_and_its_service(page: Page) -> None:
    add_to_cart_and_sign_up(page)
    check_out(page, "Mastercard")
    page.get_by_role("button", name="Place order").click()
    steps = page.locator(".journey h3").all_inner_texts()
    services = page.locator(".journey .service").all_inner_texts()
    assert steps[:3] == ["Place the order", "Reserve the stock", "Authorize the payment"]
    assert services[:3] == ["orders", "inventory", "payments"]
    assert not [step for step in steps if "." in step]


def test_a_form_that_is_sent_twice_places_one_order(page: Page) -> None:
    add_to_cart_and_sign_up(page)
    check_out(page, "Visa")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Place order").click()
    page.wait_for_url("**/orders/*")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    again = page.context.request.post("/checkout", data=sent.value.post_data, headers=kind)
    assert again.url == page.url
    page.get_by_role("link", name="Orders", exact=True).click()
    expect(page.locator(".orders li")).to_have_count(1)


def test_going_back_after_an_order_leads_to_an_empty_cart(page: Page) -> None:
    add_to_cart_and_sign_up(page)
    check_out(page, "Visa")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_url("**/orders/*")
    page.go_back()
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()


def test_pictures_load(page: Page) -> None:
    page.goto(f"/p/{PRODUCT}")
    assert page.locator("article img").evaluate("image => image.complete && image.naturalWidth > 0")
    page.goto("/")
    assert page.locator(".hero img").evaluate("image => image.complete && image.naturalWidth > 0")


def test_a_product_can_be_bought_with_the_keyboard_only(page: Page) -> None:
    page.goto(f"/p/{PRODUCT}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Quantity")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/", "/c/lanterns", "/search?q=tea", f"/p/{PRODUCT}", "/sign-in", "/sign-up"]
)
def test_no_page_is_wider_than_a_small_phone(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(path)
    assert overflow(page) == 0


def test_no_page_of_a_purchase_is_wider_than_a_small_phone(page: Page) -> None:
    page.set_viewport_size(PHONE)
    add_to_cart_and_sign_up(page)
    widths = [overflow(page)]
    check_out(page, "Visa")
    widths.append(overflow(page))
    page.get_by_role("button", name="Place order").click()
    widths.append(overflow(page))
    page.get_by_role("link", name="Orders", exact=True).click()
    widths.append(overflow(page))
    assert widths == [0, 0, 0, 0]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found
