"""Finding sightings: by what a person looks like, by camera and time, and by a picture."""
