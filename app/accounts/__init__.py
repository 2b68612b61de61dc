"""Who our customer is: install, sessions, tokens, plan."""
