"""Writes the expected outputs of all cases anew."""

import shutil

from mesh.sidecars import text
from mesh.tests.cases import FOLDER, NAMES, output

for name in NAMES:
    folder = FOLDER / f"{name}.out"
    shutil.rmtree(folder, ignore_errors=True)
    for path, document in output(name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text(document))
