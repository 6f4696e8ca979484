"""A container that is stopped takes no more with it than a program that is."""

from tests.containers.conftest import mails as mails_in_containers
from tests.containers.conftest import without as without_a_container
from tests.system.test_outages import *  # noqa: F403

mails, without = mails_in_containers, without_a_container
