"""Closed loop through the real node: the simulated robot and the installed policy node as two peers on ROS 2.

The batched evaluation and this one see the same scenes. Both denoise from the same noise, too: the node's follows from
its parameter `seed` and the number of the chunk since it was activated, so before each episode it is deactivated, gets
the scene's seed, and is activated again; `simulation/noise.py` makes the same noise for `bac-policy run`.
"""

import json
import pathlib
import sys
import time
from contextlib import ExitStack

from simulation.closed_loop import scenes, summary
from simulation.robot import RATE_HZ, SimulatedRobot
from simulation.ros.quantiles import quantiles

PRESETS = ('dense', 'quality', 'balanced', 'fast')
LAST_DIAGNOSTICS_S = 1.2  # they come every second
# Of the node's own statistics what tells how it kept up, by status: names, and beginnings of names.
NODE_SAYS = {'control loop': (('control_ticks', 'control_ticks_missed', 'chunks_published', 'holds'),
                              ('chunks_discarded.', 'ticks_without_chunk.', 'faults.')),
             'inference': (('deadline_misses', 'plan', 'provider'), ())}


def evaluate_over_ros(task, package, plan=None, episodes=50, seed=0, mode='lockstep', action_horizon=None, threads=1,
                      rate_hz=RATE_HZ, parameters=None, on_action=None):
    """The summary of closed_loop.py, and what the mode counted.

    `plan` is a file, a preset's name, or None for dense; `mode` 'lockstep' or 'real-time'; `action_horizon` actions of
    a chunk that are executed, None for all; `rate_hz` control periods a second of wall time in real time; `parameters`
    of the node, beyond those set here; `on_action(scene, action)` sees each action that is executed, (8,) float32.
    """
    try:
        import rclpy
        from rclpy.signals import SignalHandlerOptions
    except ImportError as error:
        raise RuntimeError(f'there is no ROS 2 here ({error}): make ros, then . scripts/ros/env.bash') from error
    from simulation.ros.lockstep import Lockstep
    from simulation.ros.node_process import NodeProcess
    from simulation.ros.real_time import RealTime
    from simulation.ros.robot_node import RobotNode
    from simulation.ros.ros_domain import RosDomain

    package = pathlib.Path(package).resolve()
    description = json.loads((package / 'policy.json').read_text())
    sources = description.get('observation_sources')
    if not sources:
        raise ValueError(f'{package}: has no observation_sources; import it again with --sources FILE.yaml')
    horizon = action_horizon or description['architecture']['n_action_steps']
    driver = RealTime(rate_hz, on_action) if mode == 'real-time' else Lockstep(horizon, sources, on_action)
    chosen = {'preset': plan or 'dense'} if plan in (None, *PRESETS) else {'plan': str(pathlib.Path(plan).resolve())}
    with ExitStack() as opened:
        domain = RosDomain()
        opened.callback(domain.close)
        rclpy.init(domain_id=domain.number, signal_handler_options=SignalHandlerOptions.NO)  # Ctrl-C is Python's
        opened.callback(rclpy.try_shutdown)
        peer = RobotNode(SimulatedRobot(task), sources, time_scale=driver.time_scale)
        opened.callback(peer.close)
        node = NodeProcess(peer.node, {
            'policy': str(package), **chosen, 'action_horizon': horizon, 'trajectory_stamp': 'tick', 'threads': threads,
            'record_seconds': 0.0, **driver.parameters, **(parameters or {})})
        opened.callback(node.close)
        node.configure()
        peer.wait_until_heard(node, driver.has_clock)
        steps = []
        for scene in scenes(episodes, seed):
            if steps:
                node.deactivate()
            node.set_integer('seed', scene)
            driver.begin(peer)
            node.activate()
            steps.append(driver.run(scene, peer, node))
            _say(steps, episodes)
        return {**summary(steps), 'action_horizon': horizon, **driver.report(),
                'inference_ms': quantiles(peer.inference_ms), 'node': _said_by_node(peer)}


def _said_by_node(peer):
    """The node's own statistics of all episodes; each border between two of them is a hold and a chunk discarded."""
    time.sleep(LAST_DIAGNOSTICS_S)
    return {name: value for status, (names, prefixes) in NODE_SAYS.items()
            for name, value in peer.diagnostics.get(status, {}).items() if name in names or name.startswith(prefixes)}


def _say(steps, episodes):
    end = '\n' if len(steps) == episodes or not sys.stderr.isatty() else ''
    begin = '\r' if sys.stderr.isatty() else ''
    done = sum(s is not None for s in steps)
    if sys.stderr.isatty() or len(steps) in (1, episodes) or len(steps) % 10 == 0:
        print(f'{begin}  episode {len(steps)} of {episodes}, {done} succeeded ', end=end, file=sys.stderr, flush=True)
