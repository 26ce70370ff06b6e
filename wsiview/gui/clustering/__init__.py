"""Clustering: what is known of the clustering whose classes are shown, and how it compares to another."""
