"""`python -m laptop`: the commands behind `make up`, `make down` and the others."""

import os
import sys

try:
    from laptop.cli import main
except ModuleNotFoundError as error:
    print(f"The Python package {error.name} is not installed. Install it with: make up", file=sys.stderr)
    sys.exit(2)

sys.exit(main(sys.argv[1:], os.environ))
