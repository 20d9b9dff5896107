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
        return {name: plain(item) for name, item in vars(value).items() if name != "__msgtype__"}
    return value


with AnyReader([Path(sys.argv[1])]) as reader:
    decoded = (reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages())
    print(json.dumps([plain(message) for message in decoded]))
