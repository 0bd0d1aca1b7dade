"""A document bot as one writes it first: the whole text into one prompt, cut where it must end.

Runs with markitdown's own Python: `python one_shot.py FILE MODEL_URL QUESTION`.
"""

import json
import sys
import time
import urllib.request
from pathlib import Path

_CONTEXT_CHARACTERS = 4 * (128_000 - 8_192)
"""Four a token, as one reckons; the model's context without room for its answer."""


def main(path: str, url: str, question: str) -> None:
    """Ask about the file, and print the seconds until the prompt stood, and peak memory in MB."""
    begun = time.perf_counter()
    from markitdown import MarkItDown  # type: ignore[import-not-found]  # noqa: PLC0415  # see above; starting is a part of it

    text = MarkItDown().convert(path).text_content
    prompt = text[:_CONTEXT_CHARACTERS] + "\n\n" + question
    seconds = time.perf_counter() - begun
    asked = {"messages": [{"role": "user", "content": prompt}], "stream": True}
    request = urllib.request.Request(  # noqa: S310  # the benchmark's own server
        f"{url}/chat/completions", json.dumps(asked).encode()
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310  # as above
        reply.read()
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    print(json.dumps([seconds, peak]))  # noqa: T201  # read by the benchmark


if __name__ == "__main__":
    main(*sys.argv[1:])
