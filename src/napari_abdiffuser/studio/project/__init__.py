"""Projects: classes and hints in a file, and on other pictures."""
