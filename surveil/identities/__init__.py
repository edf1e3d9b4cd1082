"""Who is who: sightings of one person grouped into an identity."""
