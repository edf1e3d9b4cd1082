"""Makes the model that surveil ships, and proves it. A deployment of surveil runs without this package."""
