"""The same scenes over ROS in lockstep and without ROS: how far apart the executed actions are.

    lockstep_and_batched.py PACKAGE PLAN|dense EPISODES     prints JSON
"""

import json
import sys

import numpy as np

from simulation.closed_loop import run_episodes, scenes
from simulation.engines import BacPolicy
from simulation.observer import Observer
from simulation.robot import SimulatedRobot
from simulation.ros.evaluate_ros import evaluate_over_ros


class RecordedRobot(SimulatedRobot):
    """Keeps what each episode executes."""

    def __init__(self, task):
        super().__init__(task)
        self.executed = {}

    def start(self, seed, **scene):
        episode = super().start(seed, **scene)
        self.executed[seed] = episode.executed = []
        return episode

    def advance(self, episode, actions):
        before = episode.step
        super().advance(episode, actions)
        episode.executed.extend(actions[:episode.step - before])


def main(package, plan, episodes):
    over_ros = {}
    row = evaluate_over_ros('lift', package, None if plan == 'dense' else plan, episodes,
                            on_action=lambda scene, action: over_ros.setdefault(scene, []).append(action))
    robot = RecordedRobot('lift')
    engine = BacPolicy(package, None if plan == 'dense' else plan)
    steps = run_episodes(robot, Observer(robot, package), engine, scenes(episodes))
    assert over_ros.keys() == robot.executed.keys()
    lengths = [[len(actions[scene]) for scene in scenes(episodes)] for actions in (over_ros, robot.executed)]
    apart = [float(np.abs(np.array(over_ros[scene][:n]) - np.array(robot.executed[scene][:n])).max())
             for scene, n in zip(scenes(episodes), np.min(lengths, axis=0))]
    print(json.dumps({'steps': [row['steps'], steps], 'lengths': lengths, 'apart': apart, 'chunks': row['chunks'],
                      'repeated': row['repeated']}))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
