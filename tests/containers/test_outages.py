"""A stopped container affects the others as a stopped program does in laptop mode."""

from tests.containers.conftest import emails as emails_in_containers
from tests.containers.conftest import outage as container_outage
from tests.system.test_outages import *  # noqa: F403

emails, outage = emails_in_containers, container_outage
