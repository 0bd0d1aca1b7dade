"""`python -m tests.chaos --kills 100 --database sqlite`; exits with 1 when anything is wrong."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from tests.chaos.report import collect_evidence, draw_table
from tests.chaos.scenario import on_postgresql, on_sqlite, play
from tests.postgres import postgres_server


def main() -> int:
    """Play one scenario and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", action="store_true", help="with Slack's bad weather")
    parser.add_argument("--logs", type=Path, help="a folder to keep the processes' logs in")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        if given.database == "sqlite":
            scenario = on_sqlite(Path(folder), given.kills, seed=given.seed, faults=given.faults)
            result = asyncio.run(play(scenario, Path(folder)))
        else:
            with postgres_server() as server:
                url = asyncio.run(server.create_database())
                scenario = on_postgresql(url, given.kills, seed=given.seed, faults=given.faults)
                result = asyncio.run(play(scenario, Path(folder)))
    if given.logs:
        given.logs.mkdir(parents=True, exist_ok=True)
        for life, log in result.logs.items():
            (given.logs / f"{life}.log").write_text(log, encoding="utf-8")
    print(draw_table(result))  # noqa: T201  # the table is what it is for
    if result.is_right:
        return 0
    print(f"\n{collect_evidence(result)}", file=sys.stderr)  # noqa: T201  # and the evidence
    return 1


if __name__ == "__main__":
    sys.exit(main())
