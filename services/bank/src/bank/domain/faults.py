"""Faults: the bank is slow, down or flaky on demand, to test how its clients handle that."""

from dataclasses import dataclass

MAX_DELAY_SECONDS = 60


class FaultsInvalid(Exception):
    """Not valid faults."""


class BankDown(Exception):
    """The bank rejects all calls."""


class BankFlaky(Exception):
    """The call failed before it took effect."""


class BankBusy(Exception):
    """Too many calls are delayed already."""


@dataclass(frozen=True)
class Faults:
    """The faults to inject, by default none. Raises FaultsInvalid.

    `delay_seconds` (0 to 60) delays each response, after the call took effect. With `down`, each call fails at once.
    `error_share` (0 to 1) is the share of calls that fail: half of them before any effect, and half lose their
    response after it. `sample`, a number in [0, 1), decides which of these happens to a call.
    """

    delay_seconds: float = 0.0
    down: bool = False
    error_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay_seconds <= MAX_DELAY_SECONDS:
            raise FaultsInvalid(f"delaySeconds is a number from 0 to {MAX_DELAY_SECONDS}.")
        if not 0 <= self.error_share <= 1:
            raise FaultsInvalid("errorShare is a number from 0 to 1.")

    def check_up(self) -> None:
        """Raises BankDown if the bank is down."""
        if self.down:
            raise BankDown("The bank is down. Try again later.")

    def check_accepted(self, sample: float) -> None:
        """Raises BankFlaky if a call with this sample fails before it takes effect."""
        if sample < self.error_share / 2:
            raise BankFlaky("The bank failed before the call took effect. Try again.")

    def loses_response(self, sample: float) -> bool:
        """Return whether a call with this sample takes effect, but loses its response."""
        return self.error_share / 2 <= sample < self.error_share
