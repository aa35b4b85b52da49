"""Noise schedules, samplers and the anchors' denoiser."""
