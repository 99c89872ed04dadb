"""How it leaves: what was asked for as files, and what proves them.

An export follows from what was asked and from one transaction number (``Export.below``): it is of
what transactions below that recorded, which stays the same however much is recorded meanwhile. So
it can be cut into parts, resumed after any crash, and made again.
"""
