"""The app's widgets, one a module. None of them knows the backend."""
