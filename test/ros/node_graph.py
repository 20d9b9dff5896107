"""Starts the node, node_graph.py EXECUTABLE, and prints what ROS 2 sees of it: {publish, subscribe, reply} as JSON."""

import json
import os
import signal
import subprocess
import sys
import time

import rclpy

TIMEOUT_S = 30
# Nodes of other tests must not be seen.
os.environ["ROS_DOMAIN_ID"] = str(os.getpid() % 100 + 1)

process = subprocess.Popen([sys.argv[1], "--ros-args", "-p", "use_sim_time:=true"], stdout=sys.stderr)
try:
    rclpy.init()
    watcher = rclpy.create_node("watcher")

    def seen():
        if ("policy", "/") not in watcher.get_node_names_and_namespaces():
            return None
        lists = {
            "publish": watcher.get_publisher_names_and_types_by_node("policy", "/"),
            "subscribe": watcher.get_subscriber_names_and_types_by_node("policy", "/"),
            "reply": watcher.get_service_names_and_types_by_node("policy", "/"),
        }
        return {access: sorted(name for name, _ in names) for access, names in lists.items()}

    # Discovery brings them one by one; complete is what has not changed for a while.
    began, graph, since = time.monotonic(), None, 0.0
    while graph is None or time.monotonic() - since < 1.5:
        if time.monotonic() - began > TIMEOUT_S or process.poll() is not None:
            sys.exit(f"the node ended ({process.poll()}) or was not seen for {TIMEOUT_S} s")
        time.sleep(0.1)
        now = seen()
        if now != graph:
            graph, since = now, time.monotonic()
    json.dump(graph, sys.stdout)
finally:
    process.send_signal(signal.SIGTERM)
    process.wait(10)
