"""A stopped container affects the others as a stopped program does in laptop mode."""

from tests.containers.conftest import emails as mails_in_containers
from tests.containers.conftest import outage as without_a_container
from tests.system.test_outages import *  # noqa: F403

emails, outage = mails_in_containers, without_a_container
