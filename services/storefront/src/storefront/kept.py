"""Answers that are kept for a while, because every page needs them and they rarely change."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class Kept(Generic[ValueT]):
    """What `ask` returns, asked for again after `seconds`.

    While somebody is asking, others get the old answer, where there is one.
    """

    def __init__(
        self, ask: Callable[[], ValueT], seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock = clock
        self._asking = threading.Lock()
        self._answer: tuple[float, ValueT] | None = None

    def get(self) -> ValueT:
        """An answer that is at most `seconds` old, or an older one while there is no newer. Raises what `ask` raises,
        where there has never been an answer."""
        if (answer := self._answer) and self._is_fresh(answer):
            return answer[1]
        if not self._asking.acquire(blocking=answer is None):
            assert answer is not None
            return answer[1]
        try:
            return self._asked()
        finally:
            self._asking.release()

    def known(self) -> ValueT | None:
        """The last answer, however old, without asking."""
        return self._answer[1] if self._answer else None

    def _asked(self) -> ValueT:
        answer = self._answer
        if answer and self._is_fresh(answer):  # somebody else has asked while this thread waited
            return answer[1]
        try:
            value = self._ask()
        except Exception:
            if answer is None:
                raise
            value = answer[1]
        self._answer = (self._clock(), value)
        return value

    def _is_fresh(self, answer: tuple[float, ValueT]) -> bool:
        return self._clock() - answer[0] < self._seconds
