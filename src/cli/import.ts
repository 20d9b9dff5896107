import { Command, Option } from 'commander';
import { importDiffusionPolicy, type StateDictName } from '../importers/diffusion_policy.js';
import { readPolicyOptions, withPolicyOptions } from '../importers/policy_options.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { writePolicyPackage, type PolicyContents } from '../policy/write_policy_package.js';
import { table } from './terminal.js';

interface ImportOptions {
  readonly output: string;
  readonly sources?: string;
  readonly stateDict?: StateDictName;
  readonly json?: boolean;
}

/** `bac-policy import`: a checkpoint of diffusion_policy becomes a policy package. */
export function importCommand(): Command {
  return new Command('import')
    .description('Turn a checkpoint of real-stanford/diffusion_policy into a policy package.')
    .argument(
      '<checkpoint>',
      'file that a training workspace saved (.ckpt); nothing in it is executed',
    )
    .requiredOption('-o, --output <directory>', 'where to write the policy package')
    .option('--sources <file>', 'YAML with observation_sources and action (see config/sources/)')
    .addOption(
      new Option(
        '--state-dict <name>',
        'weights to take (default: ema_model if there is one)',
      ).choices(['ema_model', 'model']),
    )
    .option('--json', 'print the result for machines')
    .action(runImport);
}

async function runImport(checkpoint: string, options: ImportOptions): Promise<void> {
  // Read first: a mistake in a small file should not cost the reading of a large one.
  const added = options.sources === undefined ? {} : await readPolicyOptions(options.sources);
  const policy = await importDiffusionPolicy(checkpoint, options.stateDict);
  const description = withPolicyOptions(policy.description, added, options.sources ?? checkpoint);
  const written = await writePolicyPackage(options.output, description, policy.contents);
  const parameters = countParameters(policy.contents);
  const missing = missingFields(written.manifest);
  if (options.json) {
    console.log(
      JSON.stringify({
        package: options.output,
        policy_sha256: written.sha256,
        weights: written.manifest.provenance.weights,
        architecture: written.manifest.architecture,
        noise_scheduler: written.manifest.noise_scheduler,
        parameters,
        missing,
      }),
    );
    return;
  }
  console.log(summary(written.manifest, parameters));
  console.log(`\nWrote ${options.output} (policy ${written.sha256.slice(0, 12)}).`);
  console.log(nextSteps(options.output, missing));
}

/** Values in all learned files. */
function countParameters({ denoiser, encoder }: PolicyContents): number {
  const tensors = [...denoiser.values(), ...(encoder?.values() ?? [])];
  return tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
}

/** Fields that replay and the node need and a checkpoint cannot know. */
function missingFields({ observation_sources: sources, action }: PolicyManifest): string[] {
  const missing = sources ? [] : ['observation_sources'];
  for (const field of ['joint_names', 'unit', 'mode', 'rate_hz'] as const) {
    if (action[field] === undefined) missing.push(`action.${field}`);
  }
  return missing;
}

function summary(manifest: PolicyManifest, parameters: number): string {
  const { architecture: a, noise_scheduler: noise, provenance } = manifest;
  const condition =
    a.n_cond_layers === 0 ? 'perceptron' : `${a.n_cond_layers}-layer transformer encoder`;
  const last = a.first_action_step + a.n_action_steps - 1;
  const inputs = manifest.inputs.map((input) =>
    input.kind === 'vector'
      ? `${input.name} (${input.size})`
      : `${input.name} (${input.size.join('x')}, crop ${input.crop.join('x')})`,
  );
  const joints = manifest.action.joint_names?.join(', ') ?? 'names missing';
  const clip = noise.clip_range === null ? 'no clipping' : `clipped to ±${noise.clip_range}`;
  const rows: [string, string][] = [
    ['checkpoint', `${provenance.source}, weights ${provenance.weights}`],
    [
      'architecture',
      `${a.layers} layers, ${a.heads} heads, embedding ${a.embedding}, ` +
        `${a.causal ? 'causal' : 'not causal'}, condition by ${condition}`,
    ],
    ['parameters', parameters.toLocaleString('en')],
    [
      'chunk',
      `${a.horizon} actions of ${a.action_dim} from ${a.n_obs_steps} observations; ` +
        `actions ${a.first_action_step} to ${last} are executed`,
    ],
    [
      'noise scheduler',
      `${noise.kind.toUpperCase()}, ${noise.steps} of ${noise.train_steps} steps, ` +
        `${noise.beta_schedule}, predicts ${noise.prediction_type}, ${clip}`,
    ],
    ['inputs', inputs.join(', ')],
    ['normaliser', 'of every input and the action'],
    [
      'sources',
      manifest.observation_sources?.map((source) => source.topic).join(', ') ?? 'missing',
    ],
    ['joints', joints],
  ];
  return table(['found', ''], rows);
}

function nextSteps(directory: string, missing: readonly string[]): string {
  const next = `Next: bac-policy calibrate ${directory} --bag BAG -o CALIBRATION`;
  if (missing.length === 0) return next;
  return (
    `Missing for replay and the node: ${missing.join(', ')}.\n` +
    `Add them: import again with --sources FILE.yaml (config/sources/ has examples).\n${next}`
  );
}
