"""The proxy's access log as the tests read it."""

import json


class Record:
    """One JSON line of the access log: its fields are attributes, None where the line does not have them."""

    def __init__(self, line):
        self.line = line
        self.fields = json.loads(line)

    def __getattr__(self, name):
        return self.fields.get(name)

    @property
    def timed_out(self):
        """Whether it ended because something did not happen in time."""
        return "timeout" in self.reason or "timed_out" in self.reason

    def __repr__(self):
        return self.line
