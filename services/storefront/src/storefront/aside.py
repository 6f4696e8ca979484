"""Doing two things at once: a second call to another service, while this thread makes the first."""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
_THREADS = 16


class Aside:
    """A few threads that work for the current request: deadline, account and trace go with the work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "aside")

    def start(self, work: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> "Future[ResultT]":
        """Starts `work`; the future's `result` waits for it."""
        context = contextvars.copy_context()
        return self._threads.submit(lambda: context.run(work, *args, **kwargs))

    def stop(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(cancel_futures=True)
