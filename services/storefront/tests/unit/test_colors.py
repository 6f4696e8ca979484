"""WCAG 2.2 AA: text has a contrast of at least 4.5 to its background, the border of a field one of at least 3."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "src/storefront/static/shop.css").read_text(encoding="utf-8")
COLORS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", CSS))
BUTTON_TEXT, BUTTON_BACKGROUNDS = "#2a1405", ("#ffd389", "#ffab4a")


def luminance(color):
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_defines_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "background"),
    list(product(("ink", "soft", "gold", "ember", "leaf", "rose"), ("night", "dusk", "plum"))),
)
def test_every_text_is_readable_on_every_background(text, background):
    assert contrast(COLORS[text], COLORS[background]) >= 4.5


@pytest.mark.parametrize("background", BUTTON_BACKGROUNDS)
def test_buttons_are_readable(background):
    assert BUTTON_TEXT in CSS
    assert background in CSS
    assert contrast(BUTTON_TEXT, background) >= 4.5


def test_the_border_of_a_field_is_visible():
    border = re.search(r"input, select \{[^}]*border: 1px solid (#[0-9a-f]{6})", CSS)
    assert border
    assert contrast(border[1], COLORS["night"]) >= 3
    assert contrast(border[1], COLORS["dusk"]) >= 3
