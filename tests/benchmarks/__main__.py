"""`python -m tests.benchmarks [name …]`: measures, then prints all figures in one table."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable

import structlog

from tests.benchmarks import (
    acks,
    answers,
    bursts,
    documents,
    ledgers,
    long_threads,
    starts,
    takeovers,
    throughput,
)
from tests.benchmarks.figures import Figure, draw_table

_BENCHMARKS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "starts": starts.measure,
    "acks": acks.measure,
    "answers": answers.measure,
    "ledgers": ledgers.measure,
    "throughput": throughput.measure,
    "bursts": bursts.measure,
    "takeovers": takeovers.measure,
    "long_threads": long_threads.measure,
    "documents": documents.measure,
}


async def main(names: list[str]) -> None:
    """Measure what is named, or everything."""
    figures: list[Figure] = []
    for name in names or _BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)  # noqa: T201  # it takes minutes
        figures += await _BENCHMARKS[name]()
    print(draw_table(figures))  # noqa: T201  # the figures are what it is for


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *_BENCHMARKS], metavar="name")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(main(parser.parse_args().names))
