"""State shared by the rooms: store, pictures, jobs and results."""
