"""What every answer tells the browser: nothing but our own files runs or is shown, and no page is kept."""

import flask

POLICY = "; ".join(
    [
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def protect(response: flask.Response) -> flask.Response:
    """Adds the headers that the answer does not have yet."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
