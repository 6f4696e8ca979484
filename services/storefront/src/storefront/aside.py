"""Doing two things at once: a second call to another service, while this thread makes the first."""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from chassis.errors import Unavailable

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
_THREADS = 16


class Aside:
    """A few threads that work for the current request: deadline, account and trace go with the work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "aside")

    def start(self, work: Callable[P, ResultT], *args: P.args, **kwargs: P.kwargs) -> "Future[ResultT]":
        """Starts `work`; the future's `result` waits for it. Raises Unavailable (STOPPING) after `stop`."""
        context = contextvars.copy_context()
        try:
            return self._threads.submit(lambda: context.run(work, *args, **kwargs))
        except RuntimeError as stopped:
            raise Unavailable("STOPPING", "The shop is stopping. Try again.") from stopped

    def stop(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(cancel_futures=True)
