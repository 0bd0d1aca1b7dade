"""The core: what a conversation is and how it becomes a prompt. No Slack, no HTTP, no SQL."""
