"""The connection of the current request, for the card whose answers get lost."""

import socket

import flask


def cut() -> None:
    """Ends the client's connection: whatever is answered now never arrives."""
    client: socket.socket = flask.request.environ["gunicorn.socket"]
    client.shutdown(socket.SHUT_RDWR)
