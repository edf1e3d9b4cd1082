"""What a person looks like: a crop in, 32 attribute probabilities and a 544-d embedding out."""
