"""The embedded PostgreSQL used when DATABASE_URL is not set; also a Django database backend.

Nothing here starts a server until a connection is opened. `state` says where things are, `lease`
is the side of the commands, `keeper` the process that owns the server.
"""
