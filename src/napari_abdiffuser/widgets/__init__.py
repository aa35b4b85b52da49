"""The dock widget: Qt, one room a feature."""
