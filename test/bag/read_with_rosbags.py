"""Prints the messages of a bag as JSON, as an independent reader sees them: read_with_rosbags.py BAG."""

import json
import sys
from pathlib import Path

import numpy as np
from rosbags.highlevel import AnyReader


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "__msgtype__"):
        # Constants, in capitals, are attributes too.
        fields = (name for name in vars(value) if name != "__msgtype__" and not name.isupper())
        return {name: plain(vars(value)[name]) for name in fields}
    return value


with AnyReader([Path(sys.argv[1])]) as reader:
    decoded = (reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages())
    print(json.dumps([plain(message) for message in decoded]))
