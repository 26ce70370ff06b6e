"""Exemplars: pictures of what a class is like, beside the place where it is named."""
