"""The views, by topic. They turn requests into calls of services, and answers into pages. The rules are in `domain`."""
