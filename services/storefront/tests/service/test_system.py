import pytest
from prometheus_client import REGISTRY

from services.storefront.tests.service.conftest import built_app


@pytest.fixture
def client(app, state):
    return app.test_client()


@pytest.fixture
def readyz(new_app):
    """Request /readyz of an app with empty caches."""
    return lambda: new_app.test_client().get("/readyz")


def test_the_shop_can_sell_if_every_service_is_ready(readyz):
    answer = readyz()
    assert (answer.status_code, answer.json) == (200, {"status": "ready"})


@pytest.mark.parametrize("name", ["catalog", "inventory", "cart", "orders"])
def test_a_service_that_is_not_ready_is_named(readyz, stack, name):
    readiness = stack.services[name].readiness
    readiness.stopping = True
    answer = readyz()
    readiness.stopping = False
    assert (answer.status_code, answer.json) == (503, {"status": "not ready", name: "is not ready"})


@pytest.mark.parametrize("is_down", [False, True])
def test_a_metric_shows_whether_the_shop_can_sell(new_app, state, is_down):
    if is_down:
        state.take_down("accounts")
    assert REGISTRY.get_sample_value("market_can_sell") == (not is_down)


def test_the_metric_is_not_a_number_while_the_shop_stops(stack):
    with built_app(stack.config):
        pass
    assert str(REGISTRY.get_sample_value("market_can_sell")) == "nan"


def test_the_shop_can_sell_without_recommendations(readyz, stack):
    readiness = stack.services["recommendations"].readiness
    readiness.stopping = True
    answer = readyz()
    readiness.stopping = False
    assert answer.status_code == 200


def test_accounts_is_named_if_it_does_not_answer(readyz, state):
    state.take_down("accounts")
    assert readyz().json == {"status": "not ready", "accounts": "does not answer"}


def test_readiness_is_cached_for_a_moment(readyz, state):
    readyz()
    state.take_down("accounts")
    assert readyz().status_code == 200


def test_a_static_file_under_the_current_version_can_be_cached_for_a_year(client):
    home = client.get("/").text
    path = home.partition('rel="stylesheet" href="')[2].partition('"')[0]
    style = client.get(path)
    assert style.content_type == "text/css; charset=utf-8"
    assert style.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Vary" not in style.headers
    assert client.get(path, headers={"If-None-Match": style.headers["ETag"]}).status_code == 304


def test_a_static_file_under_another_version_is_not_cached(client):
    style = client.get("/static/0123456789ab/shop.css")
    assert (style.status_code, style.headers["Cache-Control"]) == (200, "public, max-age=0")


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e%2fapp.py", "no-such.css", "..", "%00"])
def test_other_files_are_not_found(client, name):
    assert client.get(f"/static/0123456789ab/{name}").status_code == 404


def test_the_icon_and_robots_txt_have_their_usual_paths(client):
    assert client.get("/favicon.svg").content_type.startswith("image/svg+xml")
    assert "Disallow: /checkout" in client.get("/robots.txt").text


def test_a_method_that_a_path_does_not_support_is_an_error(client):
    assert client.put("/cart").status_code == 405
    assert client.get("/sign-out").status_code == 405


def test_a_form_that_is_too_large_is_an_error(client):
    assert client.post("/sign-in", data={"email": "x" * 70_000}).status_code == 413
