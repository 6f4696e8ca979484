"""Tests of laptop mode that start real servers; they take seconds each."""
