"""The console: read-only pages over the record, for people with Django permissions."""

# Each offers its pages to the site, in the order the console lists them.
from . import notifications, subjects, sources, exports, access, settings, accounts, tokens  # noqa: F401, I001
