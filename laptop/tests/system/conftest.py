"""Small stacks to start, stop and crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.tests.small_stack import SmallStack


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[SmallStack]:
    """A stack that has never run. It is deleted afterwards."""
    stack = SmallStack(tmp_path / "small stack 50%")
    yield stack
    stack.run("reset", "--yes")


@pytest.fixture(scope="module")
def _shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    stack = SmallStack(tmp_path_factory.mktemp("laptop") / "small stack")
    yield stack
    stack.run("reset", "--yes")


@pytest.fixture
def running_stack(_shared_stack: SmallStack) -> SmallStack:
    """A stack of which every process runs, whatever the previous test did."""
    _shared_stack.place_fakes()
    _shared_stack.up()
    return _shared_stack


@pytest.fixture
def stopped_stack(_shared_stack: SmallStack) -> SmallStack:
    """A stack that does not run, whatever the previous test did."""
    _shared_stack.place_fakes()
    _shared_stack.run("down")
    return _shared_stack
