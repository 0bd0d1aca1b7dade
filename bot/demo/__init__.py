"""A local Slack workspace: the stand-in server, its page in the browser, an offline model."""
