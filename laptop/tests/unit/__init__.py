"""Tests of laptop mode that start nothing."""
