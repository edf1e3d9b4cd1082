"""Who may do what: accounts and their roles, signing in, API tokens, and the cameras that somebody may see."""
