"""The process that ``processes.making`` starts; nobody else has a use for it."""

import sys
from multiprocessing.connection import Connection

import django


def main(descriptor: str, source: str, zone: str) -> None:
    django.setup()
    from .processes import serve

    serve(Connection(int(descriptor)), source=source, zone=zone)


if __name__ == "__main__":
    main(*sys.argv[1:])
