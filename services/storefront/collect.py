"""Collects all texts of the shop into translations/messages.pot, which translators start from.

Run it after changing texts: .venv/bin/python services/storefront/collect.py
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


def collected() -> str:
    """The texts in the format of gettext, sorted, each with the files that it is in."""
    catalog = Catalog(project="Night Market", charset="utf-8")
    found = extract_from_dir(str(SOURCE), _METHODS, _OPTIONS, {**DEFAULT_KEYWORDS, "N_": None})
    for file, line, text, _comments, context in found:
        catalog.add(text, locations=[(file, line)], context=context)
    written = io.BytesIO()
    write_po(written, catalog, width=110, omit_header=True, sort_output=True, include_lineno=False)
    return written.getvalue().decode()


if __name__ == "__main__":
    TEMPLATE.write_text(collected(), encoding="utf-8")
