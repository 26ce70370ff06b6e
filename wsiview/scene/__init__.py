"""What is on screen, without a screen: views, tiles, overlays, scale bars and legends as frozen numpy-only values."""
