"""Slack's side: events in, replies out."""
