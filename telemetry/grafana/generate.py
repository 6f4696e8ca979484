"""Write the dashboards as JSON files for Grafana.

Usage: python -m telemetry.grafana.generate [OUTPUT_DIR]
OUTPUT_DIR defaults to dashboards/ beside this file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from telemetry.grafana.overview import overview
from telemetry.grafana.saga import saga
from telemetry.grafana.service import service

DASHBOARDS = Path(__file__).resolve().parent / "dashboards"


def generate(output: Path) -> None:
    """Write a file for each dashboard, named after its uid."""
    output.mkdir(exist_ok=True)
    for dashboard in (overview(), service(), saga()):
        text = json.dumps(dashboard, indent=1, ensure_ascii=False)
        (output / f"{dashboard['uid']}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else DASHBOARDS)
