import { COLOURS } from '../palette.js';

/** How the points of a method are drawn. */
export interface MethodLook {
  readonly colour: string;
  readonly shape: 'circle' | 'square' | 'diamond' | 'triangle';
  /** Outlines only: other samples of the same distribution, which an error against dense does not judge. */
  readonly hollow: boolean;
}

/** Those that matter most look the same in every report. */
const KNOWN: Readonly<Record<string, MethodLook>> = {
  dense: { colour: COLOURS.ink, shape: 'square', hollow: false },
  search: { colour: COLOURS.cached, shape: 'circle', hollow: false },
  bac: { colour: COLOURS.dense, shape: 'square', hollow: false },
  acs: { colour: COLOURS.slate, shape: 'diamond', hollow: false },
  uniform: { colour: COLOURS.gold, shape: 'triangle', hollow: false },
  'no-network': { colour: COLOURS.rose, shape: 'diamond', hollow: false },
  ddim: { colour: COLOURS.quiet, shape: 'circle', hollow: true },
  'dpm-solver': { colour: COLOURS.quiet, shape: 'diamond', hollow: true },
};

const OTHERS = [COLOURS.other, COLOURS.purple, COLOURS.moss, COLOURS.rose, COLOURS.slate];
const SHAPES = ['circle', 'square', 'diamond', 'triangle'] as const;

/** Looks of all methods of a report, distinct as far as colours and shapes go. */
export function methodLooks(methods: readonly string[]): ReadonlyMap<string, MethodLook> {
  const unknown = [...new Set(methods)].filter((method) => !Object.hasOwn(KNOWN, method));
  return new Map(
    methods.map((method) => {
      const at = unknown.indexOf(method);
      const colour = OTHERS[at % OTHERS.length]!;
      const shape = SHAPES[Math.floor(at / OTHERS.length + at) % SHAPES.length]!;
      return [method, KNOWN[method] ?? { colour, shape, hollow: false }];
    }),
  );
}
