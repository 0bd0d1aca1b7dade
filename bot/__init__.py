"""Aloud: a Slack bot that thinks aloud on request."""

__version__ = "0.1.0"
