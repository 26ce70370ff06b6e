"""Gui: the window; the only room that knows Qt and pyqtgraph, and one that never reaches torch."""
