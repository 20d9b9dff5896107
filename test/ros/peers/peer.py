"""A ROS 2 peer that a test drives: one JSON request a line on stdin, one JSON reply a line on stdout.

A request is {"id", "do", ...}; do is the name of a method of Peer that takes the rest as arguments. The reply is
{"id", "ok": result} or {"id", "error": text}. Requests run at the same time; replies come as they are ready.
Messages to publish come as CDR in base64, so that a test can send whatever bytes it likes; messages received are
handed over as plain values. Times are ns: `at` and `now` are of the steady clock, which is the same in all
processes of a machine.
"""

import base64
import json
import math
import sys
import threading
import time

import rclpy
from cdr_stream import CdrStream
from fields import service_class, set_fields
from play import play
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from ros_messages import message_class, plain
from rosgraph_msgs.msg import Clock
from simulated_time import SimulatedTime

DISCOVERY_S = 15


def quality(reliable=True, latched=False, depth=10):
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def jsonable(value):
    """Numbers that JSON lacks become their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: jsonable(item) for name, item in value.items()}
    return [jsonable(item) for item in value] if isinstance(value, list) else value


class Peer:
    def __init__(self):
        self.node = rclpy.create_node("test_peer")
        self.time = SimulatedTime(self.node.create_publisher(Clock, "/clock", quality(False)))
        self.publishers, self.clients, self.collected, self.streams = {}, {}, {}, {}
        self.lock = threading.Lock()

    # Publishing

    def publish(self, topic, type, cdr, reliable=True, stamped=False, latched=False):
        """Publishes messages once each, one after the other; stamped ones as of now."""
        publisher = self.publisher(topic, type, reliable, latched)
        for message in map(base64.b64decode, cdr):
            publisher.publish(self.time.stamped(message) if stamped else message)
        return {"now": time.monotonic_ns()}

    def stream(self, topic, type, hz, cdr, reliable=True, stamped=True, offsets_ms=(0,), repeat=1):
        """Publishes messages in turn at a rate until told otherwise; takes the place of the topic's stream.

        Stamps are now plus the next of offsets_ms, and each is used `repeat` times.
        """
        settings = (hz, [base64.b64decode(one) for one in cdr], stamped, list(offsets_ms), repeat)
        if topic in self.streams:
            self.streams[topic].change(settings)
        else:
            publisher = self.publisher(topic, type, reliable)
            self.streams[topic] = CdrStream(publisher, self.time, settings)
        return {"now": time.monotonic_ns()}

    def unstream(self, topics=None):
        """Ends streams. Gives when, and how many messages each had sent."""
        found = [(name, self.streams.pop(name)) for name in topics or list(self.streams)]
        sent = {name: stream.stop() for name, stream in found}
        return {"now": time.monotonic_ns(), "sent": sent}

    def stamps(self, topic):
        """The stamps that a topic's stream has sent, ns as text: they are too long for JavaScript's numbers."""
        return [str(stamp) for stamp in self.streams[topic].stamps]

    def play(self, file, rate=1.0, clock=True):
        """Plays messages as play.py says. Gives how many."""
        return play(self, file, rate, clock)

    def clock(self, start, rate=1.0):
        """Publishes /clock from this time on; called again, time jumps there."""
        self.time.start(start, rate)

    def clock_stop(self):
        self.time.stop()

    def publisher(self, topic, type, reliable=True, latched=False):
        """A publisher that somebody listens to."""
        with self.lock:
            if topic not in self.publishers:
                qos = quality(reliable, latched)
                self.publishers[topic] = self.node.create_publisher(message_class(type), topic, qos)
        publisher = self.publishers[topic]
        self.wait(f"nobody subscribed to {topic}", lambda: publisher.get_subscription_count() > 0)
        return publisher

    def unpublish(self, topic):
        self.node.destroy_publisher(self.publishers.pop(topic))

    # Receiving

    def collect(self, topic, type, latched=False, wait=True, reliable=True):
        """Keeps all messages of a topic from now on, once it has a publisher."""
        if topic in self.collected:
            return
        messages = self.collected[topic] = []

        def keep(message):
            messages.append({"at": time.monotonic_ns(), "message": message})

        qos = quality(reliable, latched, depth=1000)
        self.node.create_subscription(message_class(type), topic, keep, qos)
        if wait:
            counted = lambda: self.node.count_publishers(topic) > 0  # noqa: E731
            self.wait(f"nobody publishes {topic}", counted)

    def take(self, topic, start=0):
        """What came on a collected topic, from this index on."""
        found = list(self.collected[topic][start:])
        return [{"at": one["at"], "message": plain(one["message"])} for one in found]

    def count(self, topic):
        return len(self.collected[topic])

    # Services and the graph

    def call(self, service, type, request=None, timeout=DISCOVERY_S):
        """Calls a service. Gives the response."""
        with self.lock:
            if service not in self.clients:
                self.clients[service] = self.node.create_client(service_class(type), service)
        client = self.clients[service]
        if not client.wait_for_service(DISCOVERY_S):
            raise TimeoutError(f"there is no service {service}")
        filled = set_fields(client.srv_type.Request(), request or {})
        done = threading.Event()
        future = client.call_async(filled)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(timeout):
            raise TimeoutError(f"{service} did not answer in {timeout} s")
        return plain(future.result())

    def clocks(self):
        """The steady clock and the system's at the same moment."""
        return {"now": time.monotonic_ns(), "wall": time.time_ns()}

    def nodes(self):
        return [namespace.rstrip("/") + "/" + name for name, namespace in self.names()]

    def names(self):
        return self.node.get_node_names_and_namespaces()

    def endpoints(self, topic):
        """How many publish and subscribe."""
        return [self.node.count_publishers(topic), self.node.count_subscribers(topic)]

    def wait(self, complaint, holds):
        end = time.monotonic() + DISCOVERY_S
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"{complaint} within {DISCOVERY_S} s")
            time.sleep(0.005)


def serve(peer, request, out):
    identity, operation = request.pop("id"), request.pop("do")
    try:
        reply = {"id": identity, "ok": getattr(peer, operation)(**request)}
    except Exception as error:  # the test is told
        reply = {"id": identity, "error": f"{operation}: {type(error).__name__}: {error}"}
    with out:
        sys.stdout.write(json.dumps(jsonable(reply)) + "\n")
        sys.stdout.flush()


def main():
    rclpy.init()
    peer = Peer()
    threading.Thread(target=rclpy.spin, args=(peer.node,), daemon=True).start()
    out = threading.Lock()
    for line in sys.stdin:
        threading.Thread(target=serve, args=(peer, json.loads(line), out), daemon=True).start()
    peer.unstream()
    rclpy.shutdown()


main()
