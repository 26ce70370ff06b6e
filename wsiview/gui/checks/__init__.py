"""Checks: the lamps that say whether the map shown should be looked at twice."""
