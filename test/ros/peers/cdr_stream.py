"""Encoded messages published at a rate by a thread of their own."""

import itertools
import threading
import time

from simulated_time import with_stamp


class CdrStream:
    """Settings are (hz, messages, stamped, offsets_ms, repeat), see Peer.stream."""

    def __init__(self, publisher, clock, settings):
        self.publisher, self.clock, self.settings = publisher, clock, settings
        self.sent = 0
        self.stamps = []  # ns
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def change(self, settings):
        self.settings = settings

    def stop(self):
        """Gives how many were sent."""
        self.stopped.set()
        self.thread.join()
        return self.sent

    def run(self):
        due = time.monotonic()
        stamp = 0
        for turn in itertools.count():
            hz, messages, stamped, offsets_ms, repeat = self.settings
            if self.stopped.wait(max(0, due - time.monotonic())):
                return
            message = messages[turn % len(messages)]
            if stamped:
                if turn % repeat == 0:
                    offset = offsets_ms[turn // repeat % len(offsets_ms)]
                    stamp = self.clock.now() + int(offset * 1e6)
                message = with_stamp(message, stamp)
                self.stamps.append(stamp)
            self.publisher.publish(message)
            self.sent += 1
            due = max(due + 1 / hz, time.monotonic() - 1)
