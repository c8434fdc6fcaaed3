"""YAML as values that know their places: the one reader, its limits and its errors; callers add what a value means."""
