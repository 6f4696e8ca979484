"""WCAG 2.2 AA: text has a contrast of 4.5 to its background, the edge of a field one of 3."""

import re
from itertools import product
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "src/storefront/static/shop.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", CSS))
ON_BUTTONS, BUTTON = "#2a1405", ("#ffd389", "#ffab4a")


def luminance(colour):
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_counted_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("text", "ground"),
    list(product(("ink", "soft", "gold", "ember", "leaf", "rose"), ("night", "dusk", "plum"))),
)
def test_every_text_is_readable_on_every_background(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


@pytest.mark.parametrize("ground", BUTTON)
def test_buttons_are_readable(ground):
    assert ON_BUTTONS in CSS
    assert ground in CSS
    assert contrast(ON_BUTTONS, ground) >= 4.5


def test_the_edge_of_a_field_is_visible():
    edge = re.search(r"input, select \{[^}]*border: 1px solid (#[0-9a-f]{6})", CSS)
    assert edge
    assert contrast(edge[1], COLOURS["night"]) >= 3
    assert contrast(edge[1], COLOURS["dusk"]) >= 3
