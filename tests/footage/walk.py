"""Finding and examining in one go, as a scan does it."""

from surveil.errors import FootageError
from surveil.footage.examine import examine
from surveil.footage.find import find_footage
from surveil.footage.origin import OriginRules
from surveil.types import FoundFootage


def discover(paths, *, zone="UTC", patterns=(), zones=None, camera=None, start=None):
    """Find footage and examine it: sources, and errors, as a scan meets them."""
    rules = OriginRules.of(zone, patterns, zones, camera=camera, start=start)
    for found in find_footage(paths, rules):
        try:
            if isinstance(found, FoundFootage):
                yield examine(found, rules)
            elif isinstance(found, FootageError):
                yield found
        except FootageError as error:
            yield error
