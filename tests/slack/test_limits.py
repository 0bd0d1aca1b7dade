"""The limits say where they come from, and ours stay below Slack's."""

import ast
from pathlib import Path

from bot.demo import limits as stand_in
from bot.slack import limits


def test_every_limit_says_where_it_comes_from() -> None:
    body = ast.parse(Path(limits.__file__).read_text()).body[2:]

    for constant, source in zip(body[::2], body[1::2], strict=True):
        assert isinstance(constant, ast.AnnAssign)
        assert isinstance(source, ast.Expr)
        assert isinstance(source.value, ast.Constant)
        assert str(source.value.value).startswith(("Documented (", "Observed (", "Ours"))


def test_streams_end_before_slack_ends_them() -> None:
    assert limits.STREAM_BORDER_BYTES < limits.STREAM_BYTES < stand_in.STREAM_BYTES
    assert limits.STREAM_BORDER_SECONDS < limits.STREAM_SECONDS < stand_in.STREAM_SECONDS
