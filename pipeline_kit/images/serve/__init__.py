"""An image that serves predictions, started locally and queried with golden requests."""
