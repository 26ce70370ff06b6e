"""Panels: the docks beside the slide; each is told what to show and says what the reader did."""
