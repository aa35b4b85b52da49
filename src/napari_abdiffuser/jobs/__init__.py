"""Work of worker threads, without Qt."""
