import logging

import pytest
import structlog

from bot.telemetry import configure_logging, redact


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234-abcd",
        "xapp-1-A0-99-ff",
        "xoxe.xoxb-1-zzz",
        "https://hooks.slack.com/actions/T0/1/abc",
        "Bearer sk-live-1234",
    ],
)
def test_secrets_are_blotted_out_wherever_they_are_logged(
    secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("info", "json")

    structlog.get_logger("bot.x").warning("odd", header=f"got {secret} back")
    logging.getLogger("slack_sdk.web").warning("sent %s", secret)
    try:
        int(secret)
    except ValueError:
        structlog.get_logger("bot.x").exception("broke")

    logged = capsys.readouterr().err
    assert logged.count("[redacted]") >= 3
    assert secret not in logged


def test_a_socket_ticket_is_redacted() -> None:
    assert redact("wss://x/link/?ticket=abc-1&app_id=A1") == (
        "wss://x/link/?ticket=[redacted]&app_id=A1"
    )


def test_our_lines_carry_what_is_bound_to_the_turn(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")

    with structlog.contextvars.bound_contextvars(turn="t1"):
        logging.getLogger("some.library").warning("from elsewhere")

    assert '"turn": "t1"' in capsys.readouterr().err
