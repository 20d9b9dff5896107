"""ROS 2 on this machine only, in a domain that no one else uses: no real robot may ever hear the simulated one."""

import os
import pathlib
import shutil
import tempfile

LOOPBACK = pathlib.Path(__file__).parents[2] / 'scripts/ros/fastdds_loopback.xml'
DOMAINS = range(1, 101)


class RosDomain:
    """A domain of one's own while it is open; `environment` is what a process needs to be in it."""

    def __init__(self):
        # Claims are shared with the project's tests (test/support/ros_process.ts).
        for self.number in DOMAINS:
            self._claim = pathlib.Path(tempfile.gettempdir(), f'bac_policy_ros_domain_{self.number}')
            try:
                self._claim.mkdir()
            except FileExistsError:
                if _is_held(self._claim):
                    continue
            (self._claim / 'pid').write_text(str(os.getpid()))
            break
        else:
            raise RuntimeError(f'all {len(DOMAINS)} ROS domains are in use; end other evaluations and tests')
        self.environment = {'ROS_DOMAIN_ID': str(self.number), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
                            'FASTRTPS_DEFAULT_PROFILES_FILE': str(LOOPBACK)}
        os.environ.update(self.environment)

    def close(self):
        shutil.rmtree(self._claim, ignore_errors=True)


def _is_held(claim):
    try:
        os.kill(int((claim / 'pid').read_text()), 0)
        return True
    except (OSError, ValueError):
        return False
