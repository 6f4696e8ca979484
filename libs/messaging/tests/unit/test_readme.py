from pathlib import Path

from messaging import consumer

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readme_tells_when_an_event_is_tried_again():
    *pauses, last = (f"{seconds:g}" for seconds in consumer._RETRY_SECONDS)
    assert f"tried again after {', '.join(pauses)} and {last} seconds" in README
    assert f"with pauses of at most {consumer._MAX_OUTAGE_PAUSE:g} seconds" in README
    assert f"another takes up after {consumer._ACK_WAIT_SECONDS:g} seconds" in README
