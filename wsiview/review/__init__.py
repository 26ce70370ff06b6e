"""Review: what a pathologist says about classes, kept in one SQLite file per reader (no Qt, no torch)."""
