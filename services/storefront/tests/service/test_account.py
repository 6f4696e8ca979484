import pytest

EMAIL, PASSWORD = "bob@example.com", "lantern light"


@pytest.fixture
def bob(visitor, state):
    """A visitor who has an account, but has not signed in."""
    state.accounts[EMAIL] = PASSWORD
    return visitor


def sign_in(visitor, place="/sign-in", **typed):
    return visitor.send(visitor.get(place), "/sign-in", **{"email": EMAIL, "password": PASSWORD, **typed})


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(bob):
    sign_in(bob)
    cookie = bob.client.get_cookie("session")
    assert (cookie.value, cookie.http_only, cookie.same_site) == (f"token-of-{EMAIL}", True, "Lax")
    assert not cookie.secure


def test_the_cookie_ends_when_the_token_does(bob):
    sign_in(bob)
    assert bob.client.get_cookie("session").max_age > 70 * 365 * 24 * 60 * 60


def test_the_cookies_travel_by_https_only_where_the_visitor_came_by_https(bob):
    bob.client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
    sign_in(bob)
    assert bob.client.get_cookie("session").secure
    assert bob.client.get_cookie("shop").secure


def test_the_shops_own_cookie_is_for_no_scripts_and_no_other_sites(visitor):
    visitor.get("/p/lamps-1")
    cookie = visitor.client.get_cookie("shop")
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)


def test_who_only_looks_around_gets_no_cookie(visitor):
    for path in ("/", "/c/lamps", "/search?q=teas"):
        visitor.get(path)
    assert visitor.client.get_cookie("shop") is None


def test_who_signs_in_goes_where_they_wanted_to(bob):
    assert sign_in(bob, "/sign-in?next=/p/teas-1").place == "/p/teas-1"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_sent_to_another_site(bob, elsewhere):
    assert sign_in(bob, f"/sign-in?next={elsewhere}").place == "/"


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example/"])
def test_nobody_is_sent_to_another_site_by_a_form_that_was_changed(bob, elsewhere):
    assert sign_in(bob, next=elsewhere).place == "/"


def test_a_wrong_password_is_explained_and_the_address_stays_in_the_form(bob):
    answer = sign_in(bob, "/sign-in?next=/orders", password="wrong")
    assert answer.status == 401
    assert answer.page.one("p", role="alert").text == "The e-mail address or the password is wrong."
    fields = {field["name"]: field.attributes.get("value") for field in answer.page.one("main").all("input")}
    assert (fields["email"], fields["password"], fields["next"]) == (EMAIL, "", "/orders")


def test_the_shop_greets_who_has_signed_in_with_orders_and_sign_out(bob):
    page = sign_in(bob).page
    assert page.one("a", href="/orders")
    assert page.one("form", action="/sign-out").one("button")["title"] == EMAIL


def test_signing_up_signs_in(visitor, state):
    form = visitor.get("/sign-up?next=/orders")
    answer = visitor.send(form, "/sign-up", name="Bob", email=EMAIL, password=PASSWORD)
    assert answer.place == "/orders"
    assert state.accounts == {EMAIL: PASSWORD}


def test_a_taken_address_is_explained_beside_its_field(bob):
    answer = bob.send(bob.get("/sign-up"), "/sign-up", name="Bob", email=EMAIL, password="another one")
    field = answer.page.one("input", id="email")
    assert (answer.status, field["aria-invalid"]) == (409, "true")
    assert "Sign in instead?" in answer.page.one(id=field["aria-describedby"]).text


def test_who_has_signed_in_needs_no_form(bob):
    sign_in(bob)
    assert bob.get("/sign-in?next=/orders").place == "/orders"


def test_signing_out_ends_the_session(bob):
    home = sign_in(bob)
    answer = bob.send(home, "/sign-out")
    assert "You are signed out." in answer.text
    assert bob.client.get_cookie("session") is None
    assert not answer.page.all("form", action="/sign-out")


def test_the_link_to_sign_in_leads_back_to_the_product(visitor):
    links = [link["href"] for link in visitor.get("/p/teas-1").page.all("a")]
    assert "/sign-in?next=%2Fp%2Fteas-1" in links
