"""Kills the real program under load, and judges what people then see in Slack."""
