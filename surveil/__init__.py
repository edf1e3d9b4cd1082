"""Search recorded surveillance footage by what people look like."""

__version__ = "0.1.0"
