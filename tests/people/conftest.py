"""Importing surveil.people first keeps ultralytics offline in the tests too."""

import surveil.people  # noqa: F401
