"""What the benchmarks measure with measures what it should."""

import tempfile
from typing import BinaryIO, cast

from bot.documents.extraction import Extractor
from tests.benchmarks.manuals import find_facts, make_manual


async def test_every_page_of_a_manual_has_a_fact_of_its_own() -> None:
    with tempfile.TemporaryFile() as opened:
        file = cast("BinaryIO", opened)
        file.write(make_manual(1_000))
        file.flush()
        extract = await Extractor().extract(file, "manual.pdf")

    assert [find_facts(one.text) for one in extract.passages] == [{n} for n in range(1, 1_001)]
    assert 1_900 < sum(len(one.text) for one in extract.passages) / 1_000 < 2_100


def test_a_fact_that_was_changed_is_none() -> None:
    assert find_facts("The Barbarator takes 1037 litres of coolant.") == {1}
    assert find_facts("The Barbarator takes 1038 litres of coolant.") == set()
