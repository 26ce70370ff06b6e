"""Explain: features of slides, turned into clusterings and cluster maps; the only room that puts torch to work."""
