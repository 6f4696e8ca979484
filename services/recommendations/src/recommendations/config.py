"""What recommendations take from the environment."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig
from recommendations.domain.models import Model


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """See README.md for each variable."""

    service: ClassVar[str] = "recommendations"

    database_url: str
    nats_url: str
    model: Model = Model.V1
