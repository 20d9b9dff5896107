"""What ros2_controllers' joint_trajectory_controller does with trajectories, without ROS: times are given, in ns.

Its defaults: no partial goals, no velocity at the end, no effort, positions needed, splines between the points. A new
trajectory replaces the old one as soon as it comes; until its first point is due the joints go there from where they
were told to be, and points that are in the past already are passed over. Beyond that it refuses numbers that are not
finite (the real one does not look) and joints named twice.
"""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

import numpy as np

NS = 1_000_000_000
AT_REST = float(np.finfo(np.float32).eps)  # rad/s or m/s: the controller's own limit


@dataclass(frozen=True)
class Point:
    """A point of a trajectory: `time` (ns) after its start; empty vectors say nothing."""

    time: int
    positions: object
    velocities: object = ()
    accelerations: object = ()
    effort: object = ()


@dataclass(frozen=True)
class State:
    """What the joints are told to be at a time, each (n,): rad or m, per s, per s^2; None: nothing is said."""

    positions: np.ndarray
    velocities: np.ndarray | None = None
    accelerations: np.ndarray | None = None


class TrajectoryController:
    """`joints` in the order of all states; they begin at rest at `positions`."""

    def __init__(self, joints, positions):
        self.joints = list(joints)
        self.accepted, self.refused = 0, Counter()  # the latter by reason
        rest = np.zeros(len(self.joints))
        self._knots = [(0, State(np.array(positions, float), rest, rest))]

    def accept(self, names, points, stamp, now):
        """Takes a trajectory that begins at `stamp` (0: now). Returns why it is refused, None where it is not."""
        reason = self._objection(list(names), points, stamp, now)
        if reason is not None:
            self.refused[reason] += 1
            return reason
        self.accepted += 1
        order = [list(names).index(joint) for joint in self.joints]
        start = stamp or now
        knots = [(start + point.time, State(*(_ordered(values, order) for values in
                                              (point.positions, point.velocities, point.accelerations))))
                 for point in points]
        if knots[0][0] > now:
            knots.insert(0, (now, self.sample(now)))
        self._knots = knots
        return None

    def _objection(self, names, points, stamp, now):
        if not points:
            return 'empty'
        if set(names) - set(self.joints):
            return 'unknown joint'
        if len(set(names)) < len(names):
            return 'joint named twice'
        if len(names) < len(self.joints):
            return 'joint missing'
        if stamp and stamp + points[-1].time < now:
            return 'ended in the past'
        if any(b.time <= a.time for a, b in zip(points, points[1:])):
            return 'times do not increase'
        for point in points:
            if len(point.effort):
                return 'effort'
            if len(point.positions) != len(names):
                return 'wrong length'
            if any(len(values) not in (0, len(names)) for values in (point.velocities, point.accelerations)):
                return 'wrong length'
            if not np.isfinite([*point.positions, *point.velocities, *point.accelerations]).all():
                return 'not finite'
        return 'not at rest at its end' if np.any(np.abs(points[-1].velocities) > AT_REST) else None

    def sample(self, time):
        """The State at a time, not before the last trajectory came. Points are met exactly."""
        after = bisect_right(self._knots, time, key=lambda knot: knot[0])
        at, state = self._knots[max(after - 1, 0)]
        if after < len(self._knots) and time > at:
            return _between(at, state, *self._knots[after], time)
        rest = np.zeros_like(state.positions)
        return State(state.positions, *(rest if values is None else values
                                        for values in (state.velocities, state.accelerations)))

    @property
    def end(self):
        """The time from which the joints are told to stay, ns."""
        return self._knots[-1][0]


def _ordered(values, order):
    return np.asarray(values, float)[order] if len(values) else None


def _between(from_time, from_state, to_time, to_state, time):
    """The spline between two points: a line through positions, a cubic with velocities, a quintic with both."""
    parts = []
    for name in ('positions', 'velocities', 'accelerations'):
        pair = getattr(from_state, name), getattr(to_state, name)
        if any(values is None for values in pair):
            break
        parts.append(pair)
    seconds = (to_time - from_time) / NS
    given = [values * seconds**i for side in zip(*parts) for i, values in enumerate(side)]
    coefficients = SPLINES[len(parts)] @ np.array(given)
    share = (time - from_time) / (to_time - from_time)
    return State(*(_derivatives(2 * len(parts), share)[i] @ coefficients / seconds**i for i in range(3)))


def _derivatives(terms, x):
    """Rows i: the i-th derivatives of 1, x, x^2 ... at x, (3, terms)."""
    rows = np.zeros((3, terms))
    for i in range(3):
        for power in range(i, terms):
            rows[i, power] = np.prod(np.arange(power, power - i, -1)) * x**(power - i)
    return rows


# By how many of position, velocity and acceleration both ends say: what they say to a polynomial over 0..1.
SPLINES = {known: np.linalg.inv(np.concatenate([_derivatives(2 * known, end)[:known] for end in (0, 1)]))
           for known in (1, 2, 3)}
