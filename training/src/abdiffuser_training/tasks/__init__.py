"""What is trained: each module has a `Task` and a function that builds it from a configuration."""
