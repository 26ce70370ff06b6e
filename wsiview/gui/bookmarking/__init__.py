"""Bookmarking: places on slides that the reader wants to find again, as they were seen."""
