import { messageOf } from '../errors.js';
import { type DescribedJoints, urdfLimits } from '../control/motion/urdf_limits.js';
import { guarded } from './guarded.js';
import { QOS, type Rclnodejs, type RosNode } from './rclnodejs_api.js';

/** As robot_state_publisher publishes it, in its own namespace. */
const TOPIC = 'robot_description';

/** Listens for the robot's URDF. */
export class RobotDescription {
  #joints: DescribedJoints = new Map();

  /** @param changed called when the limits are others */
  constructor(rcl: Rclnodejs, node: RosNode, changed: () => void) {
    const qos = new rcl.QoS(QOS.keepLast, 1, QOS.reliable, QOS.transientLocal);
    const logger = node.getLogger();
    const take = ({ data }: { readonly data: string }): void => {
      try {
        this.#joints = urdfLimits(data, `topic ${TOPIC}`);
      } catch (error) {
        // The limits that are known go on to count.
        logger.warn(messageOf(error));
        return;
      }
      changed();
    };
    node.createSubscription('std_msgs/msg/String', TOPIC, { qos }, guarded(logger, TOPIC, take));
  }

  /** The limits of its joints; none before a description came. */
  get joints(): DescribedJoints {
    return this.#joints;
  }
}
