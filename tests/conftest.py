"""Fixtures every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # machines are shared: a slow example is no fault
settings.load_profile("untimed")
SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded logs beside the checkout; skips the test where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("recorded logs (../shared/data) are not beside this checkout")
    return data


@pytest.fixture(scope="session")
def shared_tools() -> Path:
    """Folder of the tools that wrap labelled sets as call records; skips where absent."""
    tools = SHARED / "tools"
    if not tools.is_dir():
        pytest.skip("the wrapping tools (../shared/tools) are not beside this checkout")
    return tools
