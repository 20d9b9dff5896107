import { BadInput } from '../errors.js';
import type { ObservationSource, PolicyInput, PolicyManifest } from '../policy/manifest.js';

/** Which sources fill one policy input. */
export interface InputSources {
  readonly input: PolicyInput;
  /** Indices into {@link ObservationLayout.sources}: one camera, or vectors that are put end to end. */
  readonly sources: readonly number[];
}

/** How the observation sources of a policy make up its inputs. */
export interface ObservationLayout {
  readonly sources: readonly ObservationSource[];
  /** In the order of the manifest's inputs, which is the order within a condition. */
  readonly inputs: readonly InputSources[];
}

/** Values one message of a vector source gives. */
const POSE_VALUES = { pose: 7, position: 3, orientation: 4 } as const;

/**
 * Finds the sources of every policy input: the source's `input` names it; without one the source's own name
 * does; without either the only input of its kind is meant.
 * @param where the package, for error messages
 * @throws BadInput naming the field that is missing or does not fit
 */
export function observationLayout(manifest: PolicyManifest, where: string): ObservationLayout {
  const sources = manifest.observation_sources;
  if (!sources || sources.length === 0) {
    throw missing('observation_sources is missing, so no topic is known', where);
  }
  const bad = (what: string): BadInput =>
    new BadInput(what, where, 'correct the sources: `bac-policy import ... --sources FILE`');
  const filled = manifest.inputs.map((): number[] => []);
  for (const [i, source] of sources.entries()) {
    const kind = isCamera(source) ? 'image' : 'vector';
    const candidates = manifest.inputs.filter((input) => input.kind === kind);
    const name = source.input ?? source.name;
    const input =
      candidates.find((candidate) => candidate.name === name) ??
      (source.input === undefined && candidates.length === 1 ? candidates[0] : undefined);
    if (!input) {
      const known = candidates.map((candidate) => candidate.name).join(', ') || 'none';
      throw bad(`observation source '${source.name}' fills no ${kind} input (there are: ${known})`);
    }
    filled[manifest.inputs.indexOf(input)]!.push(i);
  }
  for (const [i, input] of manifest.inputs.entries()) checkInput(input, filled[i]!, sources, bad);
  const inputs = manifest.inputs.map((input, i) => ({ input, sources: filled[i]! }));
  return { sources, inputs };
}

/** Whether a source is a camera, of either image type. */
export function isCamera(source: ObservationSource): source is CameraSource {
  return (
    source.type === 'sensor_msgs/msg/Image' || source.type === 'sensor_msgs/msg/CompressedImage'
  );
}

/** A source of images. */
export type CameraSource = Extract<ObservationSource, { size: [number, number] }>;

/** What says that a field of the package is missing that replay and the node need. */
export function missing(what: string, where: string): BadInput {
  return new BadInput(what, where, 'add it: `bac-policy import ... --sources FILE`');
}

function checkInput(
  input: PolicyInput,
  filledBy: readonly number[],
  sources: readonly ObservationSource[],
  bad: (what: string) => BadInput,
): void {
  if (filledBy.length === 0) throw bad(`no observation source fills input '${input.name}'`);
  if (input.kind === 'vector') {
    const width = filledBy.reduce((sum, i) => sum + valuesOf(sources[i]!), 0);
    if (width !== input.size) {
      throw bad(`the sources of input '${input.name}' give ${width} values, not ${input.size}`);
    }
    return;
  }
  if (filledBy.length > 1) throw bad(`input '${input.name}' has ${filledBy.length} cameras`);
  const source = sources[filledBy[0]!]! as CameraSource;
  if (source.size.join() !== input.size.join()) {
    throw bad(
      `camera '${source.name}' is to give ${source.size.join('x')} pixels (height x width), ` +
        `input '${input.name}' expects ${input.size.join('x')}`,
    );
  }
}

/** Values one message of a vector source gives; 0 for a camera. */
export function valuesOf(source: ObservationSource): number {
  if (source.type === 'sensor_msgs/msg/JointState') return source.names.length;
  if (source.type === 'geometry_msgs/msg/PoseStamped') return POSE_VALUES[source.field];
  return source.type === 'std_msgs/msg/Float64MultiArray' ? source.size : 0;
}
