"""The shop in a browser, from containers."""

from tests.system.test_browser_purchase import *  # noqa: F403
