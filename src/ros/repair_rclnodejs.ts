import { messageOf } from '../errors.js';
import type { Rclnodejs, RosNode, ServiceResponse } from './rclnodejs_api.js';

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

/** Has requests to set parameters that rclnodejs cannot even read (no name, no known type) answered, not thrown. */
export function repairParameterServices(node: RosNode): void {
  const service = node._parameterService;
  const set = service._handleSetParameters.bind(service);
  service._handleSetParameters = (request, response) => {
    answerOr(
      response,
      () => set(request, response),
      (reason) => ({
        results: request.parameters.map(() => ({ successful: false, reason })),
      }),
    );
  };
  const setAtomically = service._handleSetParametersAtomically.bind(service);
  service._handleSetParametersAtomically = (request, response) => {
    answerOr(
      response,
      () => setAtomically(request, response),
      (reason) => ({
        result: { successful: false, reason },
      }),
    );
  };
}

function answerOr(
  response: ServiceResponse,
  work: () => void,
  refusal: (reason: string) => object,
): void {
  try {
    work();
  } catch (error) {
    response.send(refusal(`not a valid parameter: ${messageOf(error)}`));
  }
}
