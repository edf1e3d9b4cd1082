"""What was done, by whom, and why: a log that only grows, each record chained to the one before by its hash."""
