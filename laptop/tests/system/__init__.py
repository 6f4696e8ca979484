"""Tests of laptop mode that start real servers. Each takes seconds."""
