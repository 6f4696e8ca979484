"""What an Envoy watches, which on Linux takes one of its account's inotify instances each."""

from __future__ import annotations

import json
from typing import Any


def watches(configuration: Any) -> set[str]:
    """The sources of configuration, and of keys and certificates, that an Envoy with all these documents reads again
    when they change. Each once, however often it is named: so does Envoy."""
    if isinstance(configuration, list):
        return set().union(*map(watches, configuration))
    if not isinstance(configuration, dict):
        return set()
    own = [configuration] if "watched_directory" in configuration else []
    if "path_config_source" in configuration:
        own.append(configuration["path_config_source"])
    return {json.dumps(each) for each in own} | watches(list(configuration.values()))
