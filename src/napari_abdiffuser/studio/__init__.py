"""The studio's state: classes, history, gallery, projects and figures; no Qt and no napari.

Everything is a frozen dataclass; what changes one gives a new one back. The widgets show a state
and call these functions.
"""
