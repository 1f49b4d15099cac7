"""The proxy's access log as the tests read it."""

import json


class Record:
    """One JSON line of the access log: its fields are attributes, None where the line does not have them."""

    def __init__(self, line):
        self.line = line
        self.fields = json.loads(line)

    def __getattr__(self, name):
        return self.fields.get(name)

    def __repr__(self):
        return self.line
