"""What is done, and how long the rest will take."""
