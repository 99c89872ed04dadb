"""Why an export is not well, in words that quote no row."""

from django.db import Error

from notifications.models.export import MAX_REASON
from notifications.models.patience import TooMuch

from .parts import NotStored


def reason_of(error: BaseException) -> str:
    """Of errors whose text could hold values of rows, their kind alone."""
    if isinstance(error, (TooMuch, NotStored)):
        told = str(error)
    elif isinstance(error, OSError) and error.strerror:
        told = f"A file could not be written: {error.strerror}."
    elif isinstance(error, Error):
        told = f"The database failed: {type(error.__cause__ or error).__name__}."
    elif not isinstance(error, Exception):
        told = "It was interrupted."
    else:
        told = f"The file store failed: {type(error).__name__}."
    return told[:MAX_REASON]
