"""The REST API: what machines post and what support reads."""
