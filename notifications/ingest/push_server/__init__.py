"""The Push Server's own database, read and nothing else: its messages, its registrations and the
posts to its inbox."""
