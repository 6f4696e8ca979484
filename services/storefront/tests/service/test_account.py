import pytest

EMAIL, PASSWORD = "bob@example.com", "lantern light"


@pytest.fixture
def bob(visitor, state):
    """A visitor who has an account, but is not signed in."""
    state.accounts[EMAIL] = PASSWORD
    return visitor


def sign_in(visitor, path="/sign-in", **typed):
    return visitor.submit(visitor.get(path), "/sign-in", **{"email": EMAIL, "password": PASSWORD, **typed})


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(bob):
    sign_in(bob)
    cookie = bob.client.get_cookie("session")
    assert (cookie.value, cookie.http_only, cookie.same_site) == (f"token-of-{EMAIL}", True, "Lax")
    assert not cookie.secure


def test_the_cookie_expires_with_the_token(bob):
    sign_in(bob)
    assert bob.client.get_cookie("session").max_age > 70 * 365 * 24 * 60 * 60


def test_the_cookies_are_secure_if_the_visitor_uses_https(bob):
    bob.client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    sign_in(bob)
    assert bob.client.get_cookie("session").secure
    assert bob.client.get_cookie("shop").secure


def test_the_shop_cookie_cannot_be_used_by_scripts_and_other_sites(visitor):
    visitor.get("/p/lamps-1")
    cookie = visitor.client.get_cookie("shop")
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)


def test_browsing_sets_no_cookie(visitor):
    for path in ("/", "/c/lamps", "/search?q=teas"):
        visitor.get(path)
    assert visitor.client.get_cookie("shop") is None


def test_the_shop_cookie_is_sent_only_when_it_changes(buyer):
    buyer.get("/p/lamps-1")
    assert "Set-Cookie" not in buyer.get("/p/lamps-1").response.headers


def test_signing_in_leads_to_the_next_page(bob):
    assert sign_in(bob, "/sign-in?next=/p/teas-1").path == "/p/teas-1"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_to_another_site(bob, elsewhere):
    assert sign_in(bob, f"/sign-in?next={elsewhere}").path == "/"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/"])
def test_signing_in_never_leads_to_another_site_even_if_the_form_is_changed(bob, elsewhere):
    assert sign_in(bob, next=elsewhere).path == "/"


def test_a_wrong_password_is_explained_and_the_email_address_is_kept(bob):
    answer = sign_in(bob, "/sign-in?next=/orders", password="wrong")
    assert answer.status == 401
    assert answer.page.one("p", role="alert").text == "Wrong email address or password."
    fields = {field["name"]: field.attributes.get("value") for field in answer.page.one("main").all("input")}
    assert (fields["email"], fields["password"], fields["next"]) == (EMAIL, "", "/orders")


def test_a_signed_in_visitor_sees_orders_and_sign_out(bob):
    page = sign_in(bob).page
    assert page.one("a", href="/orders")
    assert page.one("form", action="/sign-out").one("button")["title"] == EMAIL


def test_signing_up_signs_in(visitor, state):
    form = visitor.get("/sign-up?next=/orders")
    answer = visitor.submit(form, "/sign-up", name="Bob", email=EMAIL, password=PASSWORD)
    assert answer.path == "/orders"
    assert state.accounts == {EMAIL: PASSWORD}


def test_a_taken_email_address_is_explained_beside_its_field(bob):
    answer = bob.submit(bob.get("/sign-up"), "/sign-up", name="Bob", email=EMAIL, password="another one")
    field = answer.page.one("input", id="email")
    assert (answer.status, field["aria-invalid"]) == (409, "true")
    assert "Sign in instead?" in answer.page.one(id=field["aria-describedby"]).text


def test_a_signed_in_visitor_skips_the_form(bob):
    sign_in(bob)
    assert bob.get("/sign-in?next=/orders").path == "/orders"


def test_signing_out_ends_the_session(bob):
    home = sign_in(bob)
    answer = bob.submit(home, "/sign-out")
    assert "You're signed out." in answer.text
    assert bob.client.get_cookie("session") is None
    assert not answer.page.all("form", action="/sign-out")


def test_the_sign_in_link_leads_back_to_the_product(visitor):
    links = [link["href"] for link in visitor.get("/p/teas-1").page.all("a")]
    assert "/sign-in?next=%2Fp%2Fteas-1" in links
