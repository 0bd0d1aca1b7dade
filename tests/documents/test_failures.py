"""Each failure has a sentence of its own that says what to do next."""

import re
from pathlib import Path

import pytest

from bot.documents import failures
from bot.errors import DocumentError
from bot.slack import files


def each_failure() -> list[type[DocumentError]]:
    found = [
        value
        for module in (failures, files)
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, DocumentError)
        and value is not DocumentError
    ]
    assert len(found) > 15
    return found


@pytest.mark.parametrize("failure", each_failure())
def test_sentence_names_the_file_and_a_next_step(failure: type[DocumentError]) -> None:
    error = failure("q3.pdf", 5_000_000) if failure is files.FileTooLarge else failure("q3.pdf")
    assert "q3.pdf" in error.plain
    assert "lease " in error.plain
    assert error.plain.endswith(".")


def test_sentences_differ() -> None:
    sentences = [failure.sentence for failure in each_failure() if "sentence" in vars(failure)]
    assert len(set(sentences)) == len(sentences)


def test_every_code_of_the_readers_is_known() -> None:
    readers = Path(failures.__file__).parent / "readers"
    source = "".join(path.read_text() for path in readers.glob("*.py"))
    codes = set(re.findall(r'Unreadable\(\s*"(\w+)"', source))
    assert codes
    assert codes <= failures.BY_CODE.keys()
