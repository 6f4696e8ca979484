"""Configuration of recommendations."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig
from recommendations.domain.recommendations import Model


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """README.md describes each variable."""

    service: ClassVar[str] = "recommendations"

    database_url: str
    nats_url: str
    model: Model = Model.V1
