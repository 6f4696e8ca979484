"""Laptop mode: the whole stack on one machine, without Docker, root or the network."""

from __future__ import annotations


class LaptopError(Exception):
    """A failure that the user can act on. The user sees its text and nothing else.

    ``exit_code`` is 1 if something failed, 2 if the request is not possible (a port is taken, a binary is missing,
    a name is unknown) and 3 if the stack is not running.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
