"""Making the market's bank slow, down or flaky, and well again."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from laptop import closing
from laptop.environment import Market
from laptop.errors import LaptopError
from laptop.home import Home
from laptop.ports import HOST

_TIMEOUT = 10.0  # seconds
_DOWN = {"": False, "0": False, "1": True}


def set_faults(home: Home, down: str, slow: str, flaky: str) -> str:
    """Put these faults in force instead of those before, and give what is in force now, for people.

    The arguments are what a person has typed: ``down`` "1", ``slow`` seconds, ``flaky`` a share; "" means
    not so. Raises `LaptopError` where they make no sense, the market is closed or the bank does not answer.
    """
    if down not in _DOWN:
        raise LaptopError(f"DOWN must be 1, not {down!r}", exit_code=2)
    wanted = {
        "down": _DOWN[down],
        "delaySeconds": _number("SLOW", slow, "seconds, for example 2"),
        "errorShare": _number("FLAKY", flaky, "a part of 1, for example 0.3"),
    }
    market, _ = closing.required(home)
    return _described(put_faults(market, wanted))


def put_faults(market: Market, wanted: Mapping[str, object]) -> dict[str, Any]:
    """Put these faults in force, as the bank's README names them, and give what is in force now; none: {}.

    Raises `LaptopError` where the bank refuses them or does not answer.
    """
    connection = http.client.HTTPConnection(HOST, market.ports.service("bank"), timeout=_TIMEOUT)
    headers = {
        "Authorization": f"Bearer {market.secrets.bank_api_key}",
        "Content-Type": "application/json",
    }
    try:
        connection.request("PUT", "/v1/faults", json.dumps(wanted), headers)
        response = connection.getresponse()
        status, answer = response.status, dict(json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LaptopError(f"The bank does not answer ({error}). See: make status, make logs S=bank") from None
    finally:
        connection.close()
    if status >= 400:
        raise LaptopError(f"The bank refuses: {answer.get('message')}", exit_code=2 if status < 500 else 1)
    return answer


def _number(name: str, text: str, meaning: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        raise LaptopError(f"{name} must be a number ({meaning}), not {text!r}", exit_code=2) from None


def _described(faults: Mapping[str, Any]) -> str:
    if faults["down"]:
        what = "down: it answers every call with 503"
    else:
        troubles = []
        if faults["delaySeconds"]:
            troubles.append(f"slow: it answers {faults['delaySeconds']:g} s late")
        if faults["errorShare"]:
            troubles.append(f"flaky: {faults['errorShare'] * 100:g} % of the calls fail")
        what = ", and ".join(troubles)
    return f"The bank is {what}. Well again: make bank" if what else "The bank is well."
