"""Logs with the turn's id in every line, secrets redacted; metrics."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Slack's token families (Slack docs, "Token types"), response_url hosts, and bearer headers.
_SECRETS = re.compile(
    r"(xox[a-z](?:\.xox[a-z])?-[\w.-]{4,}|xapp-[\w-]{4,}|https://hooks\.slack\.com/\S+"
    r"|(?<=ticket=)[^&\s\"']+|(?i:bearer)\s+[^\s\"']+)"
)


def redact(text: str) -> str:
    """Blot out every token, response URL and socket ticket in `text`."""
    return _SECRETS.sub("[redacted]", text)


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def configure_logging(level: str, form: Literal["text", "json"]) -> None:
    """Send our own events and the libraries' records to stderr in one form."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redact_event,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(level.upper())
    # One line for each request would drown ours; failures are logged by our own callers.
    for noisy in ("httpx", "httpcore", "aiohttp.access", "slack_sdk"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    # Bolt warns of the token that `authorize` stands in for, and of every retried event.
    logging.getLogger("slack_bolt").setLevel(logging.ERROR)


class Metrics:
    """What `/metrics` shows; one registry for each app, so that tests don't share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            "aloud_events_accepted",
            "Events written down, by kind",
            ["kind"],
            registry=self.registry,
        )
        self.repeated = Counter(
            "aloud_events_repeated", "Deliveries of an event already known", registry=self.registry
        )
        self.closed = Counter(
            "aloud_turns_closed", "Turns by their outcome", ["outcome"], registry=self.registry
        )
        self.running = Gauge("aloud_turns_running", "Turns at work now", registry=self.registry)
        self.first_content = Histogram(
            "aloud_first_content_seconds",
            "From the event's acceptance to the first visible content",
            buckets=(0.1, 0.3, 1, 3, 10, 30, 100, 300),
            registry=self.registry,
        )
        self.tokens = Counter(
            "aloud_model_tokens",
            "Tokens as the model's server counts",
            ["side"],
            registry=self.registry,
        )
