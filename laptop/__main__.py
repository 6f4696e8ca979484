"""`python -m laptop`: the commands behind `make up`, `make down` and the rest."""

import os
import sys

try:
    from laptop.cli import main
except ModuleNotFoundError as error:
    print(f"The Python package {error.name} is missing here; make up installs it.", file=sys.stderr)
    sys.exit(2)

sys.exit(main(sys.argv[1:], os.environ))
