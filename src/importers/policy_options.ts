import { parse } from 'yaml';
import { z } from 'zod';
import { observationLayout } from '../control/observation_layout.js';
import { BadInput, messageOf } from '../errors.js';
import { readChecked } from '../files.js';
import { actionOptionsSchema, observationSourcesSchema, parseWith } from '../policy/manifest.js';
import type { PolicyDescription } from '../policy/write_policy_package.js';

const MAX_BYTES = 1024 * 1024;
const TODO = 'correct it; config/sources/ has examples';

const schema = z.strictObject({
  observation_sources: observationSourcesSchema.min(1).optional(),
  action: actionOptionsSchema.optional(),
});

/** What a checkpoint does not know: which topics an observation comes from, which joints an action moves. */
export type PolicyOptions = z.infer<typeof schema>;

/** Reads `--sources FILE.yaml`. @throws BadInput naming the field that is wrong */
export async function readPolicyOptions(path: string): Promise<PolicyOptions> {
  const text = (await readChecked(path, MAX_BYTES)).toString('utf8');
  let value: unknown;
  try {
    // Aliases that unfold without bound are refused by the parser.
    value = parse(text, { maxAliasCount: 100, prettyErrors: false });
  } catch (error) {
    throw new BadInput(`is not valid YAML (${messageOf(error)})`, path, TODO);
  }
  return parseWith(schema, value ?? {}, path, TODO);
}

/**
 * Adds sources and the action's names to a policy, after checking that they fit its inputs and actions.
 * @param where the options' file, for error messages
 */
export function withPolicyOptions(
  description: PolicyDescription,
  options: PolicyOptions,
  where: string,
): PolicyDescription {
  const sources = options.observation_sources;
  const action = { ...options.action, ...description.action };
  const dim = description.architecture.action_dim;
  for (const [field, values] of [
    ['joint_names', action.joint_names],
    ['unit', Array.isArray(action.unit) ? action.unit : undefined],
  ] as const) {
    if (values && values.length !== dim) {
      throw new BadInput(
        `action.${field} has ${values.length} values, the policy's action has ${dim}`,
        where,
        TODO,
      );
    }
  }
  const result: PolicyDescription = {
    ...description,
    action,
    ...(sources ? { observation_sources: sources } : {}),
  };
  if (sources) observationLayout({ ...result, files: {} }, where);
  return result;
}
