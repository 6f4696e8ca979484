"""Configuration of the catalog."""

from dataclasses import dataclass
from typing import ClassVar

from chassis.config import ServiceConfig


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """README.md describes each variable."""

    service: ClassVar[str] = "catalog"

    database_url: str
