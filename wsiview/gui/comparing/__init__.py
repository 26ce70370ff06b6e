"""Comparing: two views of one place over each other, what differs between them, and how far they agree."""
