"""Copies of the requests that the Push Server and PowerAuth Cloud get, as a proxy in front of them
makes them: a body becomes emissions, presentations and events.

The sender is no client of ours. What the original refuses as a whole is refused here, since nothing
was sent; any other fault leaves its field out, with a finding.
"""
