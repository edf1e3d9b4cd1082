"""Cases, and packages of evidence that others can verify without surveil's database."""
