"""Server: HTTP in, answers out."""
