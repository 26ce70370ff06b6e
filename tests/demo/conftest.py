import pytest

from wsiview.demo import DemoSlide, write_demo_slide


@pytest.fixture(scope="session")
def demo_slide(tmp_path_factory: pytest.TempPathFactory) -> DemoSlide:
    """A small slide of the demo's kind, painted once."""
    return write_demo_slide(tmp_path_factory.mktemp("demo"), seed=101, width=3000, height=2304)
