"""Saliency: maps of what pushes a score up or down, one method in one small file, pure functions of tensors."""
