"""Dialogs: the few questions and sheets that stand before the window; none comes up unasked while one looks."""
