"""How smooth a motion is, as a controller of 100 Hz commands it to the arm, in the robot's own time.

**jerk** is the third difference of the commanded positions; its mean square over samples and the arm's joints says how
rough a motion is. At the **border** where a new trajectory takes over, the first time that the controller looks after it
came, the commanded position and velocity are held against those that the trajectory before would have had then. A
trajectory that stops the robot after a fault is counted apart, with the first one after it: it is stamped "start now",
so that it works whatever the clocks say, and the controller counts its times from a moment later than the node does.
"""

import numpy as np

from simulation.policy_package import ARM
from simulation.robot import RATE_HZ
from simulation.ros.quantiles import quantiles

CONTROLLER_HZ = 100
SAMPLES = CONTROLLER_HZ // RATE_HZ  # of a control period


class MotionQuality:
    """`period` is that of control steps by the clock, ns."""

    def __init__(self, period):
        self.sample_ns = period / SAMPLES
        self.clock_seconds = period / 1e9 * RATE_HZ  # by the clock, of a second of the robot's own time
        self.squares, self.count = 0.0, 0
        self.jumps = {'border': ([], []), 'hold': ([], [])}  # of position, mrad, and of velocity, rad/s
        self._was_hold = False
        self._episode, self._since = [], 0

    def accept(self, controller, came, now):
        """Gives the controller what has come; `now` in ns. Returns why it is refused, None where it is not."""
        looks = (now - self._since) // self.sample_ns + 1
        soon = round(self._since + looks * self.sample_ns)
        begun = controller.accepted > 0
        before = controller.sample(soon)
        reason = controller.accept(came.names, came.points, came.stamp, now)
        is_hold = came.stamp == 0
        if begun and reason is None:
            after = controller.sample(soon)
            positions, velocities = self.jumps['hold' if is_hold or self._was_hold else 'border']
            positions.append(1000 * self._farthest(before.positions, after.positions))
            if before.velocities is not None and after.velocities is not None:
                velocities.append(self._farthest(before.velocities, after.velocities) * self.clock_seconds)
        if reason is None:
            self._was_hold = is_hold
        return reason

    @staticmethod
    def _farthest(one, other):
        return float(np.abs(one - other)[:len(ARM)].max())

    def period(self, controller, now):
        """Of the control period that begins at `now` (ns): what is commanded in it."""
        self._since = now
        self._episode += [controller.sample(round(now + (i + 1) * self.sample_ns)).positions[:len(ARM)]
                          for i in range(SAMPLES)]

    def end_episode(self):
        jerk = np.diff(self._episode, n=3, axis=0) * CONTROLLER_HZ**3
        self.squares, self.count = self.squares + (jerk**2).sum(), self.count + jerk.size
        self._episode, self._was_hold = [], False

    def report(self):
        """`jerk_rms` rad/s^3; jumps at borders: mrad, rad/s."""
        return {'jerk_rms': round(float(np.sqrt(self.squares / max(1, self.count))), 2),
                **{f'{where}_{what}': quantiles(jumps) for where, both in self.jumps.items()
                   for what, jumps in zip(('position_mrad', 'velocity'), both)}}
