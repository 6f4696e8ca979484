import pytest
from prometheus_client import REGISTRY

from services.storefront.tests.service.conftest import built
from storefront import language


@pytest.fixture
def client(app, state):
    return app.test_client()


@pytest.fixture
def asks(new_app):
    """Asks a shop that has just started whether the market can sell."""
    return lambda: new_app.test_client().get("/readyz")


def test_the_market_can_sell_when_everything_answers(asks):
    answer = asks()
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


@pytest.mark.parametrize("name", ["catalog", "inventory", "cart", "orders"])
def test_a_service_that_is_not_ready_is_named(asks, market, name):
    readiness = market.services[name].readiness
    readiness.stopping = True
    answer = asks()
    readiness.stopping = False
    assert (answer.status_code, answer.json) == (503, {"status": "not ready", name: "is not ready"})


@pytest.mark.parametrize("away", [False, True])
def test_whether_the_market_can_sell_is_a_metric_too(new_app, state, away):
    if away:
        state.break_down("accounts")
    assert REGISTRY.get_sample_value("market_can_sell") == (not away)


def test_a_shop_that_stops_does_not_know_whether_the_market_can_sell(market):
    with built(market.config, language.installed()):
        pass
    assert str(REGISTRY.get_sample_value("market_can_sell")) == "nan"


def test_recommendations_are_not_needed_to_sell(asks, market):
    readiness = market.services["recommendations"].readiness
    readiness.stopping = True
    answer = asks()
    readiness.stopping = False
    assert answer.status_code == 200


def test_accounts_that_are_away_are_named(asks, state):
    state.break_down("accounts")
    assert asks().json == {"status": "not ready", "accounts": "does not answer"}


def test_the_answer_is_kept_for_a_moment(asks, state):
    asks()
    state.break_down("accounts")
    assert asks().status_code == 200


def test_files_may_be_kept_for_good_because_their_address_has_their_version(client):
    home = client.get("/").text
    address = home.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = client.get(address)
    assert style.content_type == "text/css; charset=utf-8"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_file_of_another_version_is_there_but_not_kept(client):
    style = client.get("/static/0123456789ab/shop.css")
    assert (style.status_code, style.headers["Cache-Control"]) == (200, "public, max-age=0")


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e%2fapp.py", "no-such.css", "..", "%00"])
def test_nothing_but_the_shops_files_is_given_away(client, name):
    assert client.get(f"/static/0123456789ab/{name}").status_code == 404


def test_the_icon_and_robots_txt_are_where_programs_look_for_them(client):
    assert client.get("/favicon.svg").content_type.startswith("image/svg+xml")
    assert "Disallow: /checkout" in client.get("/robots.txt").text


def test_a_method_that_a_page_does_not_know_is_refused(client):
    assert client.put("/basket").status_code in (400, 405)
    assert client.get("/sign-out").status_code == 405


def test_a_form_that_is_too_large_is_refused(client):
    assert client.post("/sign-in", data={"email": "x" * 70_000}).status_code == 413
