"""The slide list: which slides there are, in what order, what they look like, and where one was on each."""
