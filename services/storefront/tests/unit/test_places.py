import pytest

from storefront.domain.places import HOME, LONGEST, safe


@pytest.mark.parametrize(
    "place", ["/", "/basket", "/p/moon-lamp", "/search?q=tea&after=a%2Fb", "/orders/1?wait=no"]
)
def test_a_place_of_the_shop_is_safe(place):
    assert safe(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "",
        "basket",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "/p/ä",
        "/a\0b",
        "/" + "x" * LONGEST,
    ],
)
def test_any_other_place_leads_home(place):
    assert safe(place) == HOME
