"""The second view: another canvas beside the first, on the same slide or another, and what links the two."""
