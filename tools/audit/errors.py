"""The one error of the audit."""


class CannotRead(Exception):
    """A store does not answer, or not as expected; the text says which, in one line."""
