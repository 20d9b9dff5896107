"""The peer's clock: the system's, or a simulated one that it publishes on /clock at 100 Hz."""

import struct
import threading
import time

from builtin_interfaces.msg import Time
from rosgraph_msgs.msg import Clock

PERIOD_S = 0.01


class SimulatedTime:
    def __init__(self, publisher):
        self.publisher = publisher
        self.origin = None
        self.running = None

    def start(self, start_ns, rate):
        """Goes on from here, at so many seconds a second."""
        self.origin = (start_ns, time.monotonic_ns(), rate)
        if self.running is None:
            self.running = threading.Event()
            threading.Thread(target=self.tick, args=(self.running,), daemon=True).start()

    def stop(self):
        if self.running:
            self.running.set()
        self.running = self.origin = None

    def tick(self, stopped):
        while not stopped.is_set():
            self.publish()
            stopped.wait(PERIOD_S)

    def publish(self):
        now = self.now()
        stamp = Time(sec=now // 1_000_000_000, nanosec=now % 1_000_000_000)
        self.publisher.publish(Clock(clock=stamp))

    def now(self):
        """ns"""
        origin = self.origin
        if origin is None:
            return time.time_ns()
        start, began, rate = origin
        return start + int((time.monotonic_ns() - began) * rate)

    def stamped(self, cdr, offset_ns=0):
        """A message whose header stamp says now; a header comes first, after CDR's own four bytes."""
        return with_stamp(cdr, self.now() + offset_ns)


def with_stamp(cdr, stamp_ns):
    patched = bytearray(cdr)
    struct.pack_into("<iI", patched, 4, *divmod(stamp_ns, 1_000_000_000))
    return bytes(patched)
