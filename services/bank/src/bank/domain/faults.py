"""Faults: the bank is slow, down or flaky, for those who want to see what its clients make of that."""

from dataclasses import dataclass

LONGEST_DELAY_SECONDS = 60


class FaultsInvalid(Exception):
    """Not faults that the bank can have."""


class BankDown(Exception):
    """The bank answers nobody."""


class BankFlaky(Exception):
    """The bank has failed before it did anything."""


class BankBusy(Exception):
    """So many wait for their late answers that the bank takes nobody else."""


@dataclass(frozen=True)
class Faults:
    """What is wrong with the bank, by default nothing. Raises FaultsInvalid.

    `delay_seconds` (0 to 60): each answer comes so much later, after its effect. `down`: each call is turned away
    at once. `error_share` (0 to 1): of so many calls, half fail before any effect, and half lose their answer
    after it. What happens to a call depends on its `luck`, a number from 0 up to, but not, 1.
    """

    delay_seconds: float = 0.0
    down: bool = False
    error_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.delay_seconds <= LONGEST_DELAY_SECONDS:
            raise FaultsInvalid(f"delaySeconds is a number from 0 to {LONGEST_DELAY_SECONDS}.")
        if not 0 <= self.error_share <= 1:
            raise FaultsInvalid("errorShare is a number from 0 to 1.")

    def check_up(self) -> None:
        """Raises BankDown."""
        if self.down:
            raise BankDown("The bank is down. Try again later.")

    def check_taken(self, luck: float) -> None:
        """Raises BankFlaky where a call with this luck has no effect."""
        if luck < self.error_share / 2:
            raise BankFlaky("The bank has failed, and did nothing. Try again.")

    def loses_answer(self, luck: float) -> bool:
        """Whether a call with this luck takes effect, but is not answered."""
        return self.error_share / 2 <= luck < self.error_share
