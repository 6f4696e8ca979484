import pytest

from storefront.layout import HOME, MAX_PATH_LENGTH, safe_path


@pytest.mark.parametrize(
    "path", ["/", "/cart", "/p/moon-lamp", "/search?q=tea&after=a%2Fb", "/orders/1?wait=no"]
)
def test_a_path_of_the_shop_is_safe(path):
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "cart",
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
        "/" + "x" * MAX_PATH_LENGTH,
    ],
)
def test_any_other_path_leads_to_the_home_page(path):
    assert safe_path(path) == HOME
