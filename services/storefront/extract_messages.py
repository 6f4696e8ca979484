"""Extract all texts of the shop to translations/messages.pot, the template for translators.

Run it with `make messages` after changing texts.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

SOURCE = Path(__file__).parent / "src" / "storefront"
TEMPLATE = SOURCE / "translations" / "messages.pot"
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def extracted() -> str:
    """Return the texts in gettext's format, sorted, each with the files that contain it."""
    catalog = Catalog(project="Night Market", charset="utf-8")
    messages = extract_from_dir(str(SOURCE), _METHODS, _OPTIONS, {**DEFAULT_KEYWORDS, "N_": None})
    for file, line, text, _comments, context in messages:
        catalog.add(text, locations=[(file, line)], context=context)
    output = io.BytesIO()
    write_po(output, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)
    return output.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(extracted(), encoding="utf-8")
