import type { PolicyManifest } from '../policy/manifest.js';
import { observationLayout, valuesOf } from './observation_layout.js';

/** What a drift monitor found out of its range, in words. @param found see `DriftReport.outOfRange` */
export function driftedName(
  manifest: PolicyManifest,
  found: number | string | undefined,
): string | undefined {
  if (typeof found !== 'number') return found && `picture ${found}`;
  const names = conditionNames(manifest);
  return names[found % names.length];
}

/**
 * What the values of one observation in a condition are called, (Dc): joints by their names, others by their
 * source, or input where no source is known, and their place in it.
 */
export function conditionNames(manifest: PolicyManifest): string[] {
  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}[${i}]`);
  const { inputs, encoder, observation_sources: known } = manifest;
  if (!known?.length) {
    return inputs.flatMap((input) =>
      numbered(input.name, input.kind === 'vector' ? input.size : (encoder?.feature_dim ?? 0)),
    );
  }
  const layout = observationLayout(manifest, 'policy.json');
  return layout.inputs.flatMap(({ input, sources }) =>
    input.kind === 'image'
      ? numbered(input.name, encoder?.feature_dim ?? 0)
      : sources.flatMap((i) => {
          const source = layout.sources[i]!;
          return 'names' in source ? source.names : numbered(source.name, valuesOf(source));
        }),
  );
}
