"""Features: what a layer says about patches, and how far it sees; needs torch, and models below it."""
