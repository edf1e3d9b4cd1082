"""Reading footage: what lies in a folder, which camera recorded it and when, and its frames with their own times."""
