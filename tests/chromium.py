"""The browser of the tests that look at pages."""

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

# A developer without Chromium can still run the rest; CI installs it, and fails without it.
browser_needed = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,  # noqa: TID251  # tells CI from a laptop
    reason="Chromium is not installed",
)
