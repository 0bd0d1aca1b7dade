"""The command line: `aloud run`, `aloud demo`, `aloud doctor`, `aloud feedback`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Any

import structlog

from bot import __version__
from bot.demo.profiles import PROFILES
from bot.errors import SettingsError, StartError
from bot.settings import Settings, load_settings, missing_for_run
from bot.telemetry import configure_logging

log = structlog.get_logger(__name__)

_DESCRIPTION = """\
Aloud answers in Slack with a reasoning model, summarizes shared files and shows its
reasoning on request. It is configured by environment variables or a .env file; README.md
lists them all."""


def main() -> None:
    """Parse the command line and run the command; exits with 0, 1 (refused) or 2 (usage)."""
    arguments = _parse(sys.argv[1:])
    try:
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(_run(arguments))
    except (SettingsError, StartError) as error:
        sys.exit("\n".join(f"aloud: {problem}" for problem in error.problems))


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="aloud",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aloud {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("run", help="join your Slack workspace")
    demo = commands.add_parser(
        "demo", help="try it in the browser: a local workspace, no account and no key needed"
    )
    demo.add_argument("--port", type=int, default=8080, help="port of the page (0: any free one)")
    demo.add_argument("--no-browser", action="store_true", help="don't open the page")
    demo.add_argument(
        "--profile",
        choices=list(PROFILES),
        default=next(iter(PROFILES)),
        help="what the local Slack can do",
    )
    demo.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the conversations there")
    commands.add_parser("doctor", help="check everything and say what to fix")
    feedback = commands.add_parser(
        "feedback", help="print what people think of the answers, a line of JSON for each verdict"
    )
    feedback.add_argument(
        "--since", type=date.fromisoformat, metavar="DAY", help="from this day on: 2026-11-01 (UTC)"
    )
    return parser.parse_args(words)


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "demo":
            return _run_until_signal(_demo(arguments))
        case "doctor":
            from bot.doctor import examine  # noqa: PLC0415  # only this command needs it

            settings = load_settings()
            configure_logging("error", "text")
            return asyncio.run(examine(settings))
        case "feedback":
            from bot.feedback_export import export_feedback  # noqa: PLC0415  # as doctor
            from bot.store.database import open_database  # noqa: PLC0415  # as doctor

            database = open_database(load_settings().database_url.get_secret_value())
            asyncio.run(export_feedback(database, since=arguments.since))
            return 0
        case _:
            settings = load_settings()
            missing = missing_for_run(settings)
            if missing:
                raise StartError(missing)
            configure_logging(settings.aloud_log_level, settings.aloud_log_format)
            return _run_until_signal(_serve(settings))


def _run_until_signal(command: Coroutine[Any, Any, None]) -> int:
    asyncio.run(command)
    return 0


async def _serve(settings: Settings) -> None:
    from bot import app  # noqa: PLC0415  # --help and a bad setting answer without loading it all

    await app.run(settings, _stop_on_signals(), lambda: log.info("ready", version=__version__))


async def _demo(arguments: argparse.Namespace) -> None:
    from bot import app  # noqa: PLC0415  # as in _serve
    from bot.demo.session import DemoEnvironment, run_demo  # noqa: PLC0415  # no other command needs it

    own = load_settings()
    configure_logging(own.aloud_log_level, own.aloud_log_format)
    stop = _stop_on_signals()

    async def launch(environment: DemoEnvironment) -> None:
        await app.run(load_settings({**environment.settings, "PORT": "0"}), stop, lambda: None)

    await run_demo(
        launch,
        port=arguments.port,
        model_key_present=own.has_model,
        open_browser=not arguments.no_browser,
        folder=arguments.keep,
        profile=arguments.profile,
    )


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


if __name__ == "__main__":
    main()
