"""One export in a process of its own, as the command makes it: prints its rows, its seconds from
the question to the manifest, and the most memory it took."""

import json
import re
import sys
import tempfile
from pathlib import Path
from time import perf_counter


def main(file_format: str, since: str, nice: bool) -> None:
    import django

    django.setup()
    from notifications.exports.asking import ask
    from notifications.exports.directory import export_to
    from notifications.management.commands._nice import be_nice
    from notifications.models import AccessRecord
    from notifications.trace.access import Viewer

    if nice:
        be_nice()
    with tempfile.TemporaryDirectory() as directory:
        start = perf_counter()
        export = ask(
            Viewer("bench", AccessRecord.Via.COMMAND),
            dataset="notifications",
            file_format=file_format,
            filters={"since": [since]},
            tells_users=True,
            delivery="directory",
        )
        parts = export_to(Path(directory), export, tell=lambda rows: None)
        seconds = perf_counter() - start
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    print(json.dumps({"rows": sum(p.rows for p in parts), "seconds": seconds, "memory": peak}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], nice=len(sys.argv) > 3)
