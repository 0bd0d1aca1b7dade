"""Documents that give orders: what of them reaches the model, and what of it reaches Slack."""

import pytest

pytest.register_assert_rewrite("tests.injection.inspecting")
