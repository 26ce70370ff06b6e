"""Explain: a model's features over one slide or many, turned into clusterings and cluster maps (the only room that drives torch)."""
