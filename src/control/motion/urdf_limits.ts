import { DOMParser } from '@xmldom/xmldom';
import { BadInput, messageOf } from '../../errors.js';
import type { MotionLimits } from './motion_limits.js';

/** What a robot description says of a joint; what is absent it does not limit. */
export interface DescribedJoint {
  /** rad or m. */
  readonly lower?: number;
  readonly upper?: number;
  /** Per s. */
  readonly velocity?: number;
}

/** Joints by their names. */
export type DescribedJoints = ReadonlyMap<string, DescribedJoint>;

/** Descriptions of robots with hundreds of joints take a tenth of that. */
const MAX_CHARACTERS = 20_000_000;
/** Joints of other types do not move, or are no joints that a trajectory names. */
const LIMITED_TYPES = ['revolute', 'prismatic', 'continuous'];

/**
 * The limits that a URDF gives its joints (https://wiki.ros.org/urdf/XML/joint, `limit`). A velocity of 0 is what
 * people write who do not know it: it is no limit.
 * @throws BadInput when the text is no URDF, or a limit no number
 */
export function urdfLimits(urdf: string, where: string): DescribedJoints {
  const refuse = (what: string): BadInput => new BadInput(what, where, 'correct the URDF');
  if (urdf.length > MAX_CHARACTERS) {
    throw refuse(`has ${urdf.length} characters, more than ${MAX_CHARACTERS}`);
  }
  const joints = new Map<string, DescribedJoint>();
  for (const joint of jointsOf(urdf, refuse)) {
    const [name, type] = [joint.getAttribute('name'), joint.getAttribute('type')];
    const limit = childrenOf(joint).find((child) => child.tagName === 'limit');
    if (name === null || type === null || !LIMITED_TYPES.includes(type) || !limit) continue;
    const read = (attribute: string): number | undefined => {
      const text = limit.getAttribute(attribute);
      if (text === null) return undefined;
      const value = text.trim() === '' ? NaN : Number(text);
      if (!Number.isFinite(value)) {
        throw refuse(`joint ${name} has a limit of ${attribute} '${text.slice(0, 20)}'`);
      }
      return value;
    };
    const [lower, upper, velocity] = ['lower', 'upper', 'velocity'].map(read);
    if (velocity !== undefined && velocity < 0) {
      throw refuse(`joint ${name} has a limit of velocity ${velocity}`);
    }
    // What is not written is 0; where neither is written nobody thought of a limit.
    const isRange = type !== 'continuous' && (lower !== undefined || upper !== undefined);
    const range = isRange ? { lower: lower ?? 0, upper: upper ?? 0 } : undefined;
    if (range && range.lower >= range.upper) {
      throw refuse(
        `joint ${name} has an upper limit of ${range.upper}, not above the lower ${range.lower}`,
      );
    }
    joints.set(name, { ...range, ...(velocity && { velocity }) });
  }
  return joints;
}

interface XmlElement {
  readonly tagName: string;
  getAttribute(name: string): string | null;
  readonly childNodes: ArrayLike<unknown>;
}

function jointsOf(urdf: string, refuse: (what: string) => BadInput): XmlElement[] {
  let root: XmlElement | null;
  try {
    const stop = (_: unknown, message: string): never => {
      throw new Error(message.split('\n')[0]);
    };
    root = new DOMParser({ onError: stop }).parseFromString(urdf, 'text/xml').documentElement;
  } catch (error) {
    throw refuse(`is no XML: ${messageOf(error)}`);
  }
  if (root?.tagName !== 'robot') throw refuse(`begins with <${root?.tagName ?? ''}>, not <robot>`);
  return childrenOf(root).filter(({ tagName }) => tagName === 'joint');
}

function childrenOf(element: XmlElement): XmlElement[] {
  return Array.from(element.childNodes).filter(
    (node): node is XmlElement => (node as Partial<XmlElement>).tagName !== undefined,
  );
}

/** Limits that were set, and those of a description for the same joints: of each the tighter one counts. */
export function withDescribed(
  limits: MotionLimits,
  jointNames: readonly string[],
  described: DescribedJoints,
): MotionLimits {
  const tighter = (
    set: readonly number[],
    of: keyof DescribedJoint,
    tightest: (...limits: number[]) => number,
  ): readonly number[] => {
    // Of no values: -Infinity of Math.max, Infinity of Math.min.
    const none = tightest();
    if (!jointNames.some((name) => described.get(name)?.[of] !== undefined)) return set;
    return jointNames.map((name, i) => tightest(set[i] ?? none, described.get(name)?.[of] ?? none));
  };
  return {
    ...limits,
    positionMin: tighter(limits.positionMin, 'lower', Math.max),
    positionMax: tighter(limits.positionMax, 'upper', Math.min),
    velocity: tighter(limits.velocity, 'velocity', Math.min),
  };
}
