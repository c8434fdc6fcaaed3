"""The stage that signs what an image is."""
