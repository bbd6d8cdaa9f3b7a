"""What several tests share: the real logs, a browser, and the sample logs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from servers import aws, seaweed
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["aws", "seaweed"]  # fixtures of every test

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
CHROMIUM_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--browser-required", action="store_true", help="fail instead of skipping without Chromium")


# Where the long files are; they start first, or one process would end alone with them.
LONG = ("stories", "catalogue", "campaign", "rules", "scenarios", "notebooks", "snapshot")
# These live through the same weeks.
LIVED = frozenset(f"tests/stories/test_{name}.py" for name in ("sample_logs", "model", "policies", "conditions"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.relative_to(Path(__file__).parent).parts[0] not in LONG)


class ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Two processes share the work by file, so that what a file prepares is prepared once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "stories" if file in LIVED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CloudTrail logs; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real logs are not here: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def trailscraper() -> str:
    """The program of trailscraper; it pins another boto3 than ours, so it cannot be installed beside us."""
    program = os.environ.get("TRAILSCRAPER") or shutil.which("trailscraper")
    if program is None:
        pytest.skip(
            "pip install trailscraper setuptools into an environment of its own, and set TRAILSCRAPER to its program"
        )
    return program


@pytest.fixture(scope="session")
def sample_logs() -> Path:
    """The folder of the sample logs."""
    return ROOT / "sample_logs"


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    program = shutil.which("chromium")
    if program is None:
        message = "Chromium is not installed: apt-get install chromium"
        if request.config.getoption("--browser-required"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()
