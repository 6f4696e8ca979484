import pytest


def names(answer):
    return [
        heading.text
        for card in answer.page.all("li", **{"class": "card"})
        for heading in card.all("h2", "h3")
    ]


def test_the_home_page_shows_a_product_of_each_category_and_all_categories(visitor):
    home = visitor.get("/")
    assert [name.split()[0] for name in names(home)] == ["¤lamps", "¤teas", "¤toys"]
    tiles = home.page.one("ul", **{"class": "tiles"})
    assert [link["href"] for link in tiles.all("a")] == ["/c/lamps", "/c/teas", "/c/toys"]


def test_a_category_shows_its_products_page_by_page(visitor):
    first = visitor.get("/c/lamps")
    second = visitor.get(first.page.one("a", rel="next")["href"])
    assert [len(names(first)), len(names(second))] == [24, 2]
    assert not set(names(first)) & set(names(second))
    assert not second.page.all("a", rel="next")


def test_an_unknown_category_is_not_found(visitor):
    assert visitor.get("/c/nowhere").status == 404


def test_a_search_finds_products_and_keeps_its_query_from_page_to_page(visitor):
    first = visitor.get("/search?q=teas")
    second = visitor.get(first.page.one("a", rel="next")["href"])
    assert len(names(second)) == 2
    assert all("teas" in name for name in names(first) + names(second))
    assert second.page.one("input", id="q")["value"] == "teas"


def test_a_search_without_a_query_shows_all_products(visitor):
    assert len(names(visitor.get("/search"))) == 24


def test_a_search_without_results_says_so(visitor):
    assert "We couldn't find anything like that" in visitor.get("/search?q=submarine").text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/search?q=" + "x" * 201, "Please search for fewer words."),
        ("/search?q=teas&after=nonsense", "This list has changed."),
    ],
)
def test_an_invalid_search_is_explained(visitor, path, text):
    answer = visitor.get(path)
    assert answer.status == 400
    assert text in answer.page.one(role="alert").text


def test_a_query_is_escaped(visitor):
    answer = visitor.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>" in answer.page.one("h1").text
    assert not answer.page.all("script")


def test_a_product_page_shows_picture_price_and_description(visitor):
    page = visitor.get("/p/teas-3").page
    assert page.one("h1").text == "¤teas No. 3 <b>¤"
    product = page.one("article")
    assert product.one("img")["src"] == "/api/v1/products/teas-3/image"
    assert "$3.99" in product.text
    assert "It is one of the teas." in product.text


@pytest.mark.parametrize(
    ("units", "text", "css_class", "can_be_bought"),
    [
        (50, "In stock", "in-stock", True),
        (6, "In stock", "in-stock", True),
        (5, "Only 5 left", "low", True),
        (1, "Only 1 left", "low", True),
        (0, "Sold out", "sold-out", False),
    ],
)
def test_a_product_page_shows_the_stock(visitor, state, units, text, css_class, can_be_bought):
    state.stock["toys-1"] = units
    page = visitor.get("/p/toys-1").page
    assert page.one("p", **{"class": f"stock {css_class}"}).text == text
    assert bool(page.all("form", action="/cart/items")) is can_be_bought


def test_the_maximum_quantity_is_the_stock(visitor, state):
    state.stock["toys-1"] = 3
    assert visitor.get("/p/toys-1").page.one("input", id="quantity")["max"] == "3"


def test_a_product_page_shows_recommendations_without_the_product_itself(visitor, state):
    state.recommendations["toys-1"] = ["teas-2", "toys-1", "no-longer-sold", "lamps-3"]
    answer = visitor.get("/p/toys-1")
    assert names(answer) == ["¤teas No. 2 <b>¤", "¤lamps No. 3 <b>¤"]


def test_without_recommendations_there_is_no_empty_section(visitor):
    assert "Often bought together" not in visitor.get("/p/toys-1").text


def test_a_product_page_makes_three_calls(visitor, state):
    visitor.get("/")
    state.calls.clear()
    visitor.get("/p/toys-1")
    assert sorted(state.calls) == [
        "catalog.BatchGetProducts",
        "inventory.GetStock",
        "recommendations.ListRecommendations",
    ]


@pytest.mark.parametrize("product_id", ["no-such", "%00", "x" * 2000, "%F0%9F%8F%AE", "a b"])
def test_an_unknown_product_is_not_found(visitor, product_id):
    answer = visitor.get(f"/p/{product_id}")
    assert answer.status == 404
    assert "Sorry, we don't carry this product." in answer.text


def test_the_menu_marks_the_category_of_the_product(visitor):
    marked = visitor.get("/p/teas-3").page.one("a", **{"aria-current": "page"})
    assert marked["href"] == "/c/teas"
