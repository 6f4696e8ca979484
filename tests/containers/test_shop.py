"""The system tests of laptop mode pass in containers, too."""

from tests.system.test_bad_input import *  # noqa: F403
from tests.system.test_contention import *  # noqa: F403
from tests.system.test_purchase import *  # noqa: F403
from tests.system.test_readme import *  # noqa: F403
from tests.system.test_repeated_orders import *  # noqa: F403
