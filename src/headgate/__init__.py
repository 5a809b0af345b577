"""Headgate: a test harness and release gate for carrier gateway configs."""

__version__ = "0.1.0"
