"""`python -m mesh`: the commands behind `make mesh-render`, `make mesh-diff` and `make mesh-matrix`."""

import sys

try:
    from mesh.cli import main
except ModuleNotFoundError as error:
    print(f"The Python package {error.name} is missing here; make install installs it.", file=sys.stderr)
    sys.exit(2)

sys.exit(main(sys.argv[1:]))
