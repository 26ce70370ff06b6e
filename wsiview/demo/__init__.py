"""The demo case's slide: synthetic prostate tissue, painted on first use; may import progress, geometry and errors."""

from wsiview.demo.demo_slide import MPP, DemoSlide, write_demo_slide
from wsiview.demo.plan import STRUCTURES

__all__ = ["MPP", "STRUCTURES", "DemoSlide", "write_demo_slide"]
