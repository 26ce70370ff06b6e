"""Export: what leaves the program says where it came from (may use scene; no Qt, no torch)."""
