"""The operator's desk: pages and an API over an archive, served by `surveil serve`."""
