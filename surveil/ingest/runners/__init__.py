"""Who does the work of an ingest: the worker of this process, or workers on many machines."""
