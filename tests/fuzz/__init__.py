"""What may be made of any bytes at all, and of any value: see README.md."""
