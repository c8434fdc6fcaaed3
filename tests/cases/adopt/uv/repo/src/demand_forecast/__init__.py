"""Weekly demand."""
