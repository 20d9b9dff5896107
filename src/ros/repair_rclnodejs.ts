import { messageOf } from '../errors.js';
import {
  QOS,
  type ParameterRequest,
  type ParameterService,
  type Rclnodejs,
  type RosNode,
} from './rclnodejs_api.js';

const INTEGER_ARRAY = 7;

/**
 * Lets rclnodejs' `Parameter` take arrays of integers: it makes numbers of them and then refuses them for not
 * being bigint, by an exception, which ends the process when a peer sent them. To be called before a node is
 * made.
 */
export function repairParameters({ Parameter }: Rclnodejs): void {
  const { validate } = Parameter.prototype;
  Parameter.prototype.validate = function (): void {
    if (this._type === INTEGER_ARRAY && this._value) {
      this._value = Array.from(this._value as ArrayLike<number | bigint>, BigInt);
    }
    validate.call(this);
  };
}

/**
 * Has requests about parameters that rclnodejs cannot even read (no name, no known type) answered, not thrown:
 * who asks gets an empty list, who sets the reason.
 */
export function repairParameterServices(node: RosNode): void {
  const service = node._parameterService;
  for (const query of [
    '_handleGetParameters',
    '_handleGetParameterTypes',
    '_handleDescribeParameters',
    '_handleListParameters',
  ] as const) {
    answerOr(service, query, () => ({}));
  }
  answerOr(service, '_handleSetParameters', (reason, { parameters }) => ({
    results: parameters.map(() => ({ successful: false, reason })),
  }));
  answerOr(service, '_handleSetParametersAtomically', (reason) => ({
    result: { successful: false, reason },
  }));
}

/**
 * Lets the node hear clocks that are published as best effort, such as that of `ros2 bag play --clock`:
 * rclnodejs subscribes as reliable, which does not match them. To be called when the node was just made.
 */
export function repairClock({ QoS }: Rclnodejs, node: RosNode): void {
  const source = node._timeSource;
  source._subscribeToClockTopic = () => {
    const qos = new QoS(QOS.keepLast, 1, QOS.bestEffort, QOS.volatile);
    const hear = source._clockCallback.bind(source);
    source._clockSubscription ??= node.createSubscription(
      'rosgraph_msgs/msg/Clock',
      '/clock',
      { qos },
      hear,
    );
  };
  if (!source._clockSubscription) return;
  node.destroySubscription(source._clockSubscription);
  source._clockSubscription = undefined;
  source._subscribeToClockTopic();
}

/** Answers with this where a handler throws. @param answer the fields that are not at their defaults */
function answerOr(
  service: ParameterService,
  handler: keyof ParameterService,
  answer: (reason: string, request: ParameterRequest) => object,
): void {
  const handle = service[handler].bind(service);
  service[handler] = (request, response) => {
    try {
      handle(request, response);
    } catch (error) {
      const reason = `not a valid parameter: ${messageOf(error)}`;
      response.send({ ...response.template, ...answer(reason, request) });
    }
  };
}
