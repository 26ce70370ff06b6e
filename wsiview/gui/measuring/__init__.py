"""Measuring: rulers and outlines that the reader draws on a canvas, and the tools that draw them."""
