"""The builder without a daemon, and the image's content that both builders take."""
