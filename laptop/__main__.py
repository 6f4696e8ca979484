"""`python -m laptop`: the commands behind `make up`, `make down` and the rest."""

import os
import sys

from laptop.cli import main

sys.exit(main(sys.argv[1:], os.environ))
