"""Plays encoded messages as `ros2 bag play --clock` would.

The file's first line is JSON, [{"topic", "type", "time" (ns), "bytes"}] in the order of time; the messages, CDR, lie
end to end behind it.
"""

import json
import time

LEAD_NS = 500_000_000


def play(peer, path, rate, clock):
    with open(path, "rb") as file:
        entries = json.loads(file.readline())
        messages = [file.read(entry["bytes"]) for entry in entries]
    start = entries[0]["time"]
    publishers = {
        topic: peer.publisher(topic, type, reliable=True)
        for topic, type in {(entry["topic"], entry["type"]) for entry in entries}
    }
    if clock:
        clocks = peer.time.publisher
        peer.wait("nobody subscribed to /clock", lambda: clocks.get_subscription_count() > 0)
        peer.time.start(start - LEAD_NS, rate)
    began = time.monotonic_ns() + int(LEAD_NS / rate)
    for entry, message in zip(entries, messages):
        due = began + int((entry["time"] - start) / rate)
        time.sleep(max(0, (due - time.monotonic_ns()) / 1e9))
        publishers[entry["topic"]].publish(message)
    return {"sent": len(entries), "now": time.monotonic_ns()}
