"""Doing the same thing many times at once, and reading what came of it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import requests

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")


def run_concurrently(work: Callable[[ArgumentT], ResultT], arguments: Iterable[ArgumentT]) -> list[ResultT]:
    """What `work` gives for each argument; all begin together, each in a thread of its own."""
    arguments = list(arguments)
    start = Barrier(len(arguments))

    def one(argument: ArgumentT) -> ResultT:
        start.wait()
        return work(argument)

    with ThreadPoolExecutor(len(arguments)) as threads:
        return list(threads.map(one, arguments))


def rejection(answer: requests.Response) -> tuple[str, dict[str, str]]:
    """The reason of a refusal, and its metadata."""
    (info,) = answer.json()["details"]
    return info["reason"], info["metadata"]
