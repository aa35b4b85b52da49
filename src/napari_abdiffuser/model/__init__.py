"""Networks, schedules and samplers; they know nothing of files, napari or users."""
