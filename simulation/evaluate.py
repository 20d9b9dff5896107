"""How often, and how fast, does a policy do a task?

    python -m simulation.evaluate --task lift --policy PACKAGE                        dense, many scenes at once, no ROS
    python -m simulation.evaluate --task lift --policy PACKAGE --plan PLAN.json
    python -m simulation.evaluate --task lift --policy PACKAGE --over ros             the real node, in lockstep
    python -m simulation.evaluate --task lift --policy PACKAGE --over ros --mode real-time

Printed are success, its 95 % interval (Wilson) and the steps to success, at 20 control steps a second. Scenes and
noise follow from --seed alone. Needs `make simulation`; over ROS 2 also `make ros` and `. scripts/ros/env.bash`.
"""

import argparse
import json
import pathlib
import sys

from simulation.closed_loop import as_line, run_episodes, scenes, summary
from simulation.engines import CLI, BacPolicy
from simulation.observer import Observer
from simulation.robot import RATE_HZ, SimulatedRobot
from simulation.tasks import TASKS

PRESETS = ('quality', 'balanced', 'fast')


def evaluate(task, policy, plan=None, episodes=50, seed=0, cli=CLI):
    """The summary of closed_loop.py for `episodes` scenes."""
    robot = SimulatedRobot(task)
    return summary(run_episodes(robot, Observer(robot, policy), BacPolicy(policy, plan, cli), scenes(episodes, seed)))


def arguments():
    parser = argparse.ArgumentParser(prog='python -m simulation.evaluate', description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('--task', required=True, choices=TASKS)
    parser.add_argument('--policy', required=True, type=package, metavar='DIR')
    parser.add_argument('--plan', metavar='FILE', help="a plan, or quality, balanced or fast: one of the policy's own\n"
                        '(without one: dense)')
    parser.add_argument('--episodes', type=positive, default=50)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--over', choices=['run', 'ros'], default='run',
                        help='run: `bac-policy run`, many scenes at once; ros: the node, one scene after the other')
    parser.add_argument('--mode', choices=['lockstep', 'real-time'], default='lockstep', help='over ROS 2')
    parser.add_argument('--action-horizon', type=positive, default=8, help='over ROS 2: actions of a chunk executed')
    parser.add_argument('--rate', type=float, default=RATE_HZ, help='in real time: control steps a second')
    parser.add_argument('--parameters', type=json.loads, default={}, metavar='JSON', help='over ROS 2: of the node')
    parser.add_argument('--threads', type=positive, default=1, help='over ROS 2: of the node')
    parser.add_argument('--json', action='store_true', help='print JSON')
    options = parser.parse_args()
    if options.plan in PRESETS:
        options.plan = str(pathlib.Path(options.policy) / 'plans' / f'{options.plan}.json')
    if options.plan and not pathlib.Path(options.plan).is_file():
        parser.error(f'--plan: {options.plan} does not exist')
    return options


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f'is {value}; give 1 or more')
    return value


def package(text):
    if not (pathlib.Path(text) / 'policy.json').is_file():
        raise argparse.ArgumentTypeError(f'{text} is not a policy package')
    return text


def main():
    options = arguments()
    try:
        if options.over == 'ros':
            from simulation.ros.evaluate_ros import evaluate_over_ros  # needs rclpy
            row = evaluate_over_ros(options.task, options.policy, options.plan, options.episodes, options.seed,
                                    options.mode, action_horizon=options.action_horizon, threads=options.threads,
                                    rate_hz=options.rate, parameters=options.parameters)
        else:
            row = evaluate(options.task, options.policy, options.plan, options.episodes, options.seed)
    except KeyboardInterrupt:
        sys.exit('interrupted')
    except (RuntimeError, ValueError) as error:
        sys.exit(f'evaluate: {error}')
    row = {'task': options.task, 'policy': options.policy, 'plan': options.plan, 'over': options.over,
           **({'mode': options.mode, 'parameters': options.parameters} if options.over == 'ros' else {}),
           'seed': options.seed, **row}
    print(json.dumps(row) if options.json else as_line(row))


if __name__ == '__main__':
    main()
