"""Projects: classes and hints in a file, for this and other pictures."""
