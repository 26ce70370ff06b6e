"""Canvas: the slide on screen, painted with plain painters from buffers that worker threads prepare."""
