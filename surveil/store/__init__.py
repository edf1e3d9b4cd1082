"""The store: SQL is the truth, crops lie beside it as files, everything else is derived."""
