"""`make bench-ingest`: what an ingest takes, beside what it cannot do without."""
