import flask
import pytest

from chassis.errors import NotFound
from chassis.http_server import init_app


class NoSuchLantern(Exception):
    """An error of the domain."""


@pytest.fixture
def client():
    app = flask.Flask(__name__)

    @app.get("/lanterns/<name>")
    def lantern(name):
        raise NoSuchLantern(f"There is no {name} lantern.")

    @app.get("/old")
    def old():
        flask.abort(flask.redirect("/new"))

    def page(error, status):
        return f"<h1>{error.reason}</h1>", status

    return init_app(app, {NoSuchLantern: NotFound}, page).test_client()


def test_a_domain_error_is_rendered_by_the_error_page_of_the_service(client):
    response = client.get("/lanterns/blue")
    assert (response.status_code, response.text) == (404, "<h1>NO_SUCH_LANTERN</h1>")


def test_an_http_error_is_rendered_by_the_error_page_of_the_service(client):
    response = client.post("/lanterns/blue")
    assert (response.status_code, response.text) == (405, "<h1>METHOD_NOT_ALLOWED</h1>")
    assert response.content_type == "text/html; charset=utf-8"


def test_a_redirect_is_not_an_error(client):
    response = client.get("/old")
    assert (response.status_code, response.location) == (302, "/new")
