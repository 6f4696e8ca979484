"""Where a visitor may be sent."""

LONGEST = 500
HOME = "/"


def safe(place: str) -> str:
    """The place if it is a path of this shop, else the home page.

    Browsers read "//host", "/\\host" and some control characters as the way to another site.
    """
    own = place.startswith("/") and not place.startswith("//") and len(place) <= LONGEST
    plain = all("!" <= character <= "~" and character != "\\" for character in place)
    return place if own and plain else HOME
