"""Check the subjects of commits that are not on the remote's main branch yet: python ci/commits.py

Prints one line per problem. The exit code is 1 if there is one. Without a remote there is nothing to check.
"""

from __future__ import annotations

import re
import subprocess
import sys

UPSTREAM = "origin/main"
MAX_LENGTH = 72
# Verbs that hide what changed.
VAGUE = {
    "Let",
    "Have",
    "Make",
    "Say",
    "Ask",
    "Tell",
    "Take",
    "Give",
    "Do",
    "Get",
    "Update",
    "Change",
    "Improve",
}
# Verbs that end like another form: Process, Bring, Embed.
NOT_IMPERATIVE = re.compile(r"(?:[^s]s|ing|ed)$")
IMPERATIVE = {
    "Bring",
    "Embed",
    "Feed",
    "Need",
    "Process",
    "Seed",
    "Shed",
    "Speed",
    "String",
    "Focus",
    "Canvas",
    "Bias",
}


def problems(subject: str) -> list[str]:
    """Return what is wrong with a subject; an empty list if nothing is."""
    verb = subject.split(" ", 1)[0]
    found = []
    if len(subject) > MAX_LENGTH:
        found.append(f"has {len(subject)} characters, at most {MAX_LENGTH} are allowed")
    if subject.endswith("."):
        found.append("ends with a period")
    if not re.fullmatch(r"[A-Z][a-z-]+", verb):
        found.append("does not start with a capitalized verb")
    elif verb not in IMPERATIVE and NOT_IMPERATIVE.search(verb):
        found.append(f"starts with {verb!r}, which is not imperative")
    elif verb in VAGUE:
        found.append(f"starts with {verb!r}; use Add, Fix, Rename, Remove, Allow, Document or the like")
    return found


def new_commits() -> list[tuple[str, str]]:
    """Return the short hash and subject of every commit that the remote's main branch does not contain."""
    if _git("rev-parse", "--verify", "--quiet", UPSTREAM).returncode:
        return []
    log = _git("log", "--no-merges", "--format=%h %s", f"{UPSTREAM}..HEAD")
    return [(line[: line.index(" ")], line[line.index(" ") + 1 :]) for line in log.stdout.splitlines()]


def main() -> int:
    """Print the problems of all new commits."""
    lines = [
        f'{commit} "{subject}" {text}' for commit, subject in new_commits() for text in problems(subject)
    ]
    print("\n".join(lines))
    return 1 if lines else 0


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
