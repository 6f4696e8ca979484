"""Tests of laptop mode."""
