import { acceptValue, type GivenValue } from '../parameters/accept_value.js';
import { forSources } from '../parameters/for_sources.js';
import { nodeParameters, type NodeParameters } from '../parameters/node_parameters.js';
import { objectionToChange } from '../parameters/objection_to_change.js';
import type { ParameterDeclaration, ParameterValue } from '../parameters/parameter_declaration.js';
import { parameterDescriptor } from '../parameters/parameter_descriptor.js';
import { ROS_PARAMETER_TYPE } from '../parameters/ros_parameter_type.js';
import { BadInput } from '../errors.js';
import type {
  Rclnodejs,
  RosNode,
  RosParameter,
  RosParameterDescriptor,
  SetParametersResult,
} from './rclnodejs_api.js';

/** What the node says about changes of its parameters. */
export interface ParameterEvents {
  /** Whether the node is past its lifecycle state `unconfigured`. */
  configured(): boolean;
  /** Why values that are allowed one by one do not fit together or not the policy; undefined where they do. */
  objection(next: NodeParameters): string | undefined;
  /** Values were changed. */
  changed(): void;
}

/** The node's parameters in ROS: declared from config/parameters.yaml, each refusal with its reason. */
export class ParameterServer {
  readonly #rcl: Rclnodejs;
  readonly #node: RosNode;
  readonly #templates: readonly ParameterDeclaration[];
  readonly #overrides: ReadonlyMap<string, GivenValue>;
  readonly #events: ParameterEvents;
  readonly #declared = new Map<string, ParameterDeclaration>();
  readonly #values = new Map<string, ParameterValue>();
  /** Whether it is the node itself that sets a parameter. */
  #byNode = false;

  /** @throws BadInput when a given value is not allowed */
  constructor(
    rcl: Rclnodejs,
    node: RosNode,
    declarations: readonly ParameterDeclaration[],
    overrides: ReadonlyMap<string, GivenValue>,
    events: ParameterEvents,
  ) {
    this.#rcl = rcl;
    this.#node = node;
    this.#templates = declarations.filter(({ mapped }) => mapped);
    this.#overrides = overrides;
    this.#events = events;
    for (const declaration of declarations) if (!declaration.mapped) this.#declare(declaration);
    // Filled in by the node once it knows its policy.
    this.setByNode('source_names', []);
    const original = node._validateParameters.bind(node);
    node._validateParameters = (parameters, declaring) =>
      declaring ? original(parameters, true) : this.#validate(parameters, original);
    node.addPreSetParametersCallback((parameters) =>
      parameters.map((p) => this.#inDeclaredType(p)),
    );
    node.addPostSetParametersCallback((parameters) => this.#wereSet(parameters));
  }

  /** Why a parameter cannot have a value; undefined where it can. */
  objection(name: string, value: ParameterValue): string | undefined {
    const declaration = this.#declared.get(name)!;
    const type = ROS_PARAMETER_TYPE[declaration.type];
    const accepted = acceptValue(declaration, { type, value });
    return accepted.accepted ? undefined : accepted.reason;
  }

  /** All values as they are now. */
  get values(): NodeParameters {
    return nodeParameters(this.#values);
  }

  /** Names that were given on the command line or in a file and are no parameters, such as misspelt ones. */
  get unknown(): readonly string[] {
    return [...this.#overrides.keys()].filter((name) => !this.#node.hasParameter(name));
  }

  /**
   * Declares the parameters of observation sources. Those of sources that stay keep their values, those of
   * other sources go.
   * @throws BadInput when a given value is not allowed
   */
  declareSources(names: readonly string[]): void {
    const wanted = forSources(this.#templates, names);
    this.setByNode('source_names', []);
    for (const name of [...this.#declared.keys()]) {
      const isOld = name.startsWith('sources.') && !wanted.some((known) => known.name === name);
      if (!isOld) continue;
      this.#node.undeclareParameter(name);
      this.#declared.delete(name);
      this.#values.delete(name);
    }
    for (const declaration of wanted) {
      if (!this.#declared.has(declaration.name)) this.#declare(declaration);
    }
    this.setByNode('source_names', names);
  }

  /** Sets a parameter that no peer may set now; the value must be one that it can have. */
  setByNode(name: string, value: ParameterValue): void {
    const declaration = this.#declared.get(name)!;
    this.#byNode = true;
    try {
      const [result] = this.#node.setParameters([this.#rosParameter(declaration, value)]);
      if (!result!.successful) throw new Error(`${name}: ${result!.reason}`);
      this.#values.set(name, value);
    } finally {
      this.#byNode = false;
    }
  }

  #declare(declaration: ParameterDeclaration): void {
    const { name } = declaration;
    const given = this.#overrides.get(name);
    let value = declaration.defaultValue;
    if (given !== undefined) {
      const accepted = acceptValue(declaration, given);
      if (!accepted.accepted) {
        throw new BadInput(accepted.reason, 'the given parameters', 'correct it and start again');
      }
      value = accepted.value;
    }
    this.#declared.set(name, declaration);
    this.#values.set(name, value);
    const parameter = this.#rosParameter(declaration, value);
    this.#node.declareParameter(parameter, this.#rosDescriptor(declaration), true);
  }

  #validate(
    parameters: readonly RosParameter[],
    original: (parameters: readonly RosParameter[], declaring: boolean) => SetParametersResult,
  ): SetParametersResult {
    const next = new Map(this.#values);
    for (const parameter of parameters) {
      const declaration = this.#declared.get(parameter.name);
      if (!declaration) {
        if (!this.#node.hasParameter(parameter.name)) {
          return { successful: false, reason: `${parameter.name} is no parameter of this node` };
        }
        const result = original([parameter], false);
        if (!result.successful) return result;
        continue;
      }
      if (this.#byNode) continue;
      const accepted = acceptValue(declaration, parameter);
      const reason = accepted.accepted
        ? objectionToChange(declaration, {
            current: this.#values.get(parameter.name)!,
            next: accepted.value,
            configured: this.#events.configured(),
          })
        : accepted.reason;
      if (reason !== undefined) return { successful: false, reason };
      if (accepted.accepted) next.set(parameter.name, accepted.value);
    }
    const objection = this.#byNode ? undefined : this.#events.objection(nodeParameters(next));
    return objection === undefined
      ? { successful: true, reason: '' }
      : { successful: false, reason: objection };
  }

  /** What YAML and command line tools write without meaning it, such as 30 for 30.0, in the declared type. */
  #inDeclaredType(parameter: RosParameter): RosParameter {
    const declaration = this.#declared.get(parameter.name);
    const accepted = declaration && acceptValue(declaration, parameter);
    return accepted?.accepted ? this.#rosParameter(declaration!, accepted.value) : parameter;
  }

  #wereSet(parameters: readonly RosParameter[]): void {
    if (this.#byNode) return;
    for (const parameter of parameters) {
      const declaration = this.#declared.get(parameter.name);
      const accepted = declaration && acceptValue(declaration, parameter);
      if (accepted?.accepted) this.#values.set(parameter.name, accepted.value);
    }
    this.#events.changed();
  }

  #rosParameter({ name, type }: ParameterDeclaration, value: ParameterValue): RosParameter {
    return new this.#rcl.Parameter(
      name,
      ROS_PARAMETER_TYPE[type],
      Array.isArray(value) ? [...value] : value,
    );
  }

  /** rclnodejs would leave out ranges. */
  #rosDescriptor(declaration: ParameterDeclaration): RosParameterDescriptor {
    const message = parameterDescriptor(declaration);
    const { name, type, description, read_only: readOnly } = message;
    const descriptor = new this.#rcl.ParameterDescriptor(name, type, description, readOnly, null);
    descriptor.toMessage = () => message;
    return descriptor;
  }
}
