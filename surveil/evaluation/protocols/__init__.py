"""Market-1501 and how it is measured: the official protocol and that of the paper which the model comes from."""
