"""Run the same work many times concurrently, and read the errors."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import requests

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")


def run_concurrently(work: Callable[[ArgumentT], ResultT], arguments: Iterable[ArgumentT]) -> list[ResultT]:
    """Return the result of `work` for each argument. All calls start together, each in its own thread."""
    arguments = list(arguments)
    start = Barrier(len(arguments))

    def one(argument: ArgumentT) -> ResultT:
        start.wait()
        return work(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(one, arguments))


def rejection(answer: requests.Response) -> tuple[str, dict[str, str]]:
    """Return the reason and the metadata of an error response."""
    (info,) = answer.json()["details"]
    return info["reason"], info["metadata"]
