import pytest


def names(answer):
    return [
        heading.text
        for card in answer.page.all("li", **{"class": "card"})
        for heading in card.all("h2", "h3")
    ]


def test_the_home_page_shows_a_product_of_each_stall_and_all_stalls(visitor):
    home = visitor.get("/")
    assert [name.split()[0] for name in names(home)] == ["¤lamps", "¤teas", "¤toys"]
    tiles = home.page.one("ul", **{"class": "tiles"})
    assert [link["href"] for link in tiles.all("a")] == ["/c/lamps", "/c/teas", "/c/toys"]


def test_a_stall_shows_its_products_page_by_page(visitor):
    first = visitor.get("/c/lamps")
    second = visitor.get(first.page.one("a", rel="next")["href"])
    assert [len(names(first)), len(names(second))] == [24, 2]
    assert not set(names(first)) & set(names(second))
    assert not second.page.all("a", rel="next")


def test_a_stall_that_is_not_there_is_not_found(visitor):
    assert visitor.get("/c/nowhere").status == 404


def test_a_search_finds_products_and_keeps_its_words_in_the_field_and_from_page_to_page(visitor):
    first = visitor.get("/search?q=teas")
    second = visitor.get(first.page.one("a", rel="next")["href"])
    assert len(names(second)) == 2
    assert all("teas" in name for name in names(first) + names(second))
    assert second.page.one("input", id="q")["value"] == "teas"


def test_a_search_without_words_shows_everything(visitor):
    assert len(names(visitor.get("/search"))) == 24


def test_a_search_that_finds_nothing_says_so(visitor):
    assert "No stall has this tonight" in visitor.get("/search?q=submarine").text


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/search?q=" + "x" * 201, "Please search for fewer words."),
        ("/search?q=teas&after=nonsense", "This page of the list has moved."),
    ],
)
def test_a_search_that_makes_no_sense_is_explained(visitor, path, told):
    answer = visitor.get(path)
    assert answer.status == 400
    assert told in answer.page.one(role="alert").text


def test_what_somebody_searched_for_is_text_and_never_markup(visitor):
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
    ("pieces", "words", "can_buy"),
    [
        (50, "In stock", True),
        (6, "In stock", True),
        (5, "Only 5 left", True),
        (1, "Only 1 left", True),
        (0, "Sold out", False),
    ],
)
def test_a_product_page_says_in_words_what_is_left(visitor, state, pieces, words, can_buy):
    state.stock["toys-1"] = pieces
    page = visitor.get("/p/toys-1").page
    assert page.one("p", **{"class": f"stock {level(pieces)}"}).text == words
    assert bool(page.all("form", action="/basket/items")) is can_buy


def level(pieces):
    return "sold-out" if not pieces else "few" if pieces <= 5 else "plenty"


def test_nobody_can_ask_for_more_pieces_than_there_are(visitor, state):
    state.stock["toys-1"] = 3
    assert visitor.get("/p/toys-1").page.one("input", id="quantity")["max"] == "3"


def test_a_product_page_shows_what_is_bought_together_and_not_the_product_itself(visitor, state):
    state.alike["toys-1"] = ["teas-2", "toys-1", "not-sold-any-more", "lamps-3"]
    answer = visitor.get("/p/toys-1")
    assert names(answer) == ["¤teas No. 2 <b>¤", "¤lamps No. 3 <b>¤"]


def test_without_recommendations_there_is_no_empty_section(visitor):
    assert "Often bought together" not in visitor.get("/p/toys-1").text


def test_a_product_page_asks_three_services_once_each(visitor, state):
    visitor.get("/")
    state.asked.clear()
    visitor.get("/p/toys-1")
    assert sorted(state.asked) == [
        "catalog.BatchGetProducts",
        "inventory.GetStock",
        "recommendations.ListRecommendations",
    ]


@pytest.mark.parametrize("product_id", ["no-such", "%00", "x" * 2000, "%F0%9F%8F%AE", "a b"])
def test_an_unknown_product_is_not_found(visitor, product_id):
    answer = visitor.get(f"/p/{product_id}")
    assert answer.status == 404
    assert "This product is not sold here" in answer.text


def test_the_menu_marks_the_stall_where_the_visitor_is(visitor):
    marked = visitor.get("/p/teas-3").page.one("a", **{"aria-current": "page"})
    assert marked["href"] == "/c/teas"
