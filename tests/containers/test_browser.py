"""The shop in a browser, with the stack in containers."""

from tests.system.test_browser_purchase import *  # noqa: F403
