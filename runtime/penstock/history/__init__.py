"""History: what every run did, kept in `.penstock/runs.db` off the request's way."""
