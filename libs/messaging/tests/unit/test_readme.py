from pathlib import Path

from messaging import consumer

README = " ".join((Path(__file__).parents[2] / "README.md").read_text().split())


def test_the_readme_states_the_pauses_of_the_consumer():
    *pauses, last = (f"{seconds:g}" for seconds in consumer._RETRY_SECONDS)
    assert f"retried after {', '.join(pauses)} and {last} seconds" in README
    assert f"with pauses of at most {consumer._MAX_OUTAGE_PAUSE:g} seconds" in README
    assert f"another one gets its events after {consumer._ACK_WAIT_SECONDS:g} seconds" in README
