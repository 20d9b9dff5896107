import { Command } from 'commander';
import { denoisingProgram } from '../caching/denoising_program.js';
import { buildChunkGraph } from '../compiler/chunk_graph.js';
import { denoiserWeights } from '../compiler/denoiser_weights.js';
import { writeAtomically } from '../files.js';
import { Session } from '../inference/session.js';
import { readPlanFor } from '../policy/plan_file.js';
import { readPolicyPackage } from '../policy/policy_package.js';

interface CompileOptions {
  readonly plan?: string;
  readonly output: string;
  readonly inpainting?: boolean;
  readonly json?: boolean;
}

/** `bac-policy compile`: policy and plan as one ONNX file for any program with an ONNX runtime. */
export function compileCommand(): Command {
  return new Command('compile')
    .description(
      'Bake a policy and a plan into one ONNX graph: one run per chunk, no control flow.',
    )
    .argument('<policy>', 'directory of a policy package')
    .option('--plan <file>', 'which block updates when; without it every block does at every step')
    .requiredOption('-o, --output <file>', 'ONNX file to write')
    .option('--inpainting', 'also take known and known_weight: the part of the chunk that is known')
    .option('--json', 'print a summary for machines')
    .addHelpText(
      'after',
      `
The graph takes condition (1, To, Dc) (encoded, normalised observations), initial_noise (1, T, A) and
step_noise (K, 1, T, A), and returns sample (1, T, A) (normalised) and action (1, Ta, A) (physical units).
With --inpainting it also takes known (1, T, A), normalised, and known_weight (1, T, A): where the weight is 1 the
sample becomes what is known, where it is 0 it is free, as real-time chunking needs it.
Without a plan it holds every step of the dense policy unrolled and takes long to load.`,
    )
    .action(compile);
}

async function compile(directory: string, options: CompileOptions): Promise<void> {
  const policy = await readPolicyPackage(directory);
  const { manifest } = policy;
  const plan = options.plan === undefined ? undefined : await readPlanFor(options.plan, policy);
  const graph = buildChunkGraph(
    denoiserWeights(policy.denoiser, manifest.architecture),
    manifest,
    denoisingProgram(manifest, plan, options.plan),
    {
      metadata: { policy_sha256: policy.sha256, ...(plan && { plan_sha256: plan.sha256 }) },
      inpainting: options.inpainting ?? false,
    },
  );
  // What ONNX Runtime does not load is not written.
  await (await Session.load(graph.bytes, { optimisation: 'disabled' })).close();
  await writeAtomically(options.output, graph.bytes);
  const summary = {
    output: options.output,
    bytes: graph.bytes.length,
    nodes: graph.nodes,
    multiply_adds: graph.multiplyAdds,
    policy_sha256: policy.sha256,
    plan_sha256: plan?.sha256 ?? null,
  };
  console.log(
    options.json
      ? JSON.stringify(summary)
      : `${graph.nodes} nodes, ${(graph.multiplyAdds / 1e6).toFixed(1)} million multiply-adds a chunk, ` +
          `${(graph.bytes.length / 1e6).toFixed(1)} MB: written to ${options.output}`,
  );
}
