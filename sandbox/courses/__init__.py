"""Two small courses of our own, as readable sources: for the demo account, tests and newcomers."""
