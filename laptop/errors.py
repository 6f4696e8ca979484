"""The one error of laptop mode."""

from __future__ import annotations


class LaptopError(Exception):
    """A failure that the person at the keyboard can act on; its text is all that they are shown.

    ``exit_code`` is 1 when something went wrong, 2 when the request cannot be met as it stands
    (a port is taken, a wheel is missing, a name is unknown) and 3 when nothing is running.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
