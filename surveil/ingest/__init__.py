"""From footage to stored sightings: the only room that knows the whole way."""
