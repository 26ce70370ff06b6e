"""The viewer that ours is compared to: OpenSeadragon in Chromium, fed by OpenSlide."""
