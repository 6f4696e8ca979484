"""Writes the expected outputs of all cases: python -m mesh.tests.cases"""

import shutil

from mesh.renderer.documents import to_yaml
from mesh.tests.cases import FOLDER, NAMES, output

for name in NAMES:
    folder = FOLDER / f"{name}.out"
    shutil.rmtree(folder, ignore_errors=True)
    for path, document in output(name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(to_yaml(document))
