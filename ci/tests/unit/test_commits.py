"""Subjects of commits are imperative and short."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ci import commits


@pytest.mark.parametrize(
    "subject",
    ["Add a glossary", "Disable checkout for an empty cart", "Process events"],
)
def test_an_imperative_subject_is_accepted(subject: str) -> None:
    assert commits.problems(subject) == []


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("Let a shipment be canceled", "starts with 'Let'"),
        ("Added a glossary", "not imperative"),
        ("Adds a glossary", "not imperative"),
        ("Adding a glossary", "not imperative"),
        ("Add a glossary.", "ends with a period"),
        ("add a glossary", "capitalized verb"),
        ("Add " + "a" * 69, "has 73 characters, at most 72"),
    ],
)
def test_another_subject_is_rejected_with_the_reason(subject: str, problem: str) -> None:
    (found,) = commits.problems(subject)
    assert problem in found


def test_only_commits_that_the_remote_does_not_have_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str, folder: str) -> None:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path / folder, check=True, capture_output=True)

    (tmp_path / "remote").mkdir()
    git("init", "--initial-branch=main", folder="remote")
    git("commit", "--allow-empty", "--message=old and wrong.", folder="remote")
    git("clone", "remote", "clone", folder=".")
    git("commit", "--allow-empty", "--message=Add a page", folder="clone")
    monkeypatch.chdir(tmp_path / "clone")
    assert [subject for _, subject in commits.new_commits()] == ["Add a page"]
    assert commits.main() == 0
    git("commit", "--allow-empty", "--message=new and wrong.", folder="clone")
    assert commits.main() == 1


def test_without_a_remote_there_is_nothing_to_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init"], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    assert commits.new_commits() == []
