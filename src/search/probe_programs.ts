import { affineConstants } from '../caching/affine_constants.js';
import type { AffineRun } from '../caching/affine_run.js';
import { type BlockKind, blocksOf } from '../caching/blocks.js';
import { type DenoisingProgram, denoisingProgram } from '../caching/denoising_program.js';
import { makePlan } from '../caching/make_plan.js';
import type { Numerics } from '../caching/plan_fields.js';
import { uniformSchedule } from '../caching/uniform_schedule.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';

/** A program whose time says something, described by what matters for it. */
export interface Probe {
  /** Evaluations of the network, evenly spread. */
  readonly evaluations: number;
  /** Which blocks are computed after the first evaluation; absent = all. */
  readonly only?: BlockKind;
  /** In how many of the layers, the first ones; absent = all. */
  readonly layers?: number;
  /** Every block has so many updates, at steps of its own, as in plans of BAC; not with affine runs. */
  readonly staggered?: boolean;
  readonly numerics?: Numerics;
  /** Single denoising steps in place of affine runs. */
  readonly single?: boolean;
  /** Affine runs that keep the noise of so many steps; absent = of all. */
  readonly noiseSteps?: number;
  /** The first evaluation is of no use, as in plans that were searched, and is left out. */
  readonly blind?: boolean;
}

const INT8: Numerics = { kind: 'int8' };

/** Places of those in {@link PROBES} that tell how fast the machine is at the moment: three evaluations. */
export const REFERENCES = { fp32: 1, int8: 9 } as const;

/** Programs that between them do everything that {@link programWork} counts. */
export const PROBES: readonly Probe[] = [
  { evaluations: 2, blind: true },
  { evaluations: 4, blind: true },
  { evaluations: 4, blind: true, noiseSteps: 1 },
  { evaluations: 8, blind: true },
  { evaluations: 12 },
  { evaluations: 6, only: 'self_attention' },
  { evaluations: 6, only: 'cross_attention' },
  { evaluations: 6, only: 'feed_forward' },
  { evaluations: 2, blind: true, numerics: INT8 },
  { evaluations: 4, blind: true, numerics: INT8 },
  { evaluations: 8, blind: true, numerics: INT8 },
  { evaluations: 12, numerics: INT8 },
  { evaluations: 6, numerics: INT8, only: 'self_attention' },
  { evaluations: 6, numerics: INT8, only: 'cross_attention' },
  { evaluations: 6, numerics: INT8, only: 'feed_forward' },
  { evaluations: 2, single: true },
  { evaluations: 10, single: true },
  { evaluations: 4, single: true, staggered: true },
  { evaluations: 12, single: true, staggered: true },
  { evaluations: 40, only: 'feed_forward', layers: 2 },
  { evaluations: 20, only: 'feed_forward', layers: 4 },
  { evaluations: 40, numerics: INT8, only: 'feed_forward', layers: 2 },
];

/** A probe as the engines run it; its constants are made up. */
export function probeProgram(
  { manifest, sha256: policySha256 }: PolicyPackage,
  {
    evaluations,
    only,
    layers: some = Infinity,
    staggered = false,
    numerics,
    single = false,
    noiseSteps = Infinity,
    blind = false,
  }: Probe,
): DenoisingProgram {
  const { architecture, noise_scheduler: scheduler } = manifest;
  const { steps } = scheduler;
  const { layers } = architecture;
  const every = uniformSchedule(steps, Math.min(evaluations, steps));
  const updates = blocksOf(layers).map(({ kind, layer }, block) => {
    if (staggered) return every.map((step) => (step === 0 ? 0 : Math.min(step + block, steps - 1)));
    return (only === undefined || kind === only) && layer < some ? every : [0];
  });
  const plan = makePlan(
    { policySha256, layers, steps, solver: scheduler.kind },
    { name: 'probe' },
    updates.map((schedule) => [...new Set(schedule)]),
  );
  const runs = every.map((begin, i) =>
    madeUpRun(manifest, begin, every[i + 1] ?? steps, noiseSteps),
  );
  if (blind) runs[0]!.clean.fill(0);
  return denoisingProgram(manifest, {
    plan: {
      ...plan,
      ...(numerics && { numerics }),
      ...(!single && { correction: { kind: 'affine' } }),
    },
    constants: single ? new Map() : affineConstants(runs),
  });
}

/** Times do not depend on values as long as they are ordinary numbers, and keep all others so. */
function madeUpRun(
  { architecture: a }: PolicyManifest,
  begin: number,
  end: number,
  noiseSteps: number,
): AffineRun {
  const size = a.horizon * a.action_dim;
  const values = (count: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => ((((i + 1) * 0.618) % 1) - 0.5) / size);
  return {
    begin,
    end,
    state: values(size * size),
    clean: values(size * size),
    condition: values(a.n_obs_steps * a.condition_dim * size),
    offset: values(size),
    noise: values(Math.min(noiseSteps, end - begin) * size * size),
  };
}
