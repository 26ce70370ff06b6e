"""Slides: opens whole-slide images and reads their pixels, by level or at a model's resolution; imports no torch."""

from wsiview.slide.slide import Slide, SlideUnopenable, SlideVanished, TileUnreadable

__all__ = ["Slide", "SlideUnopenable", "SlideVanished", "TileUnreadable"]
