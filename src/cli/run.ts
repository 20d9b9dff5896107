import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { BadInput, messageOf } from '../errors.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { refuseToOverwrite } from './output_guard.js';
import { VectorRunner, type VectorRunnerOptions } from './vector_runner.js';

interface RunOptions extends VectorRunnerOptions {
  readonly input?: string;
  readonly output?: string;
  readonly stream?: true;
  readonly json?: boolean;
}

/** `bac-policy run`: raw vectors through a policy, for parity and for other programs. */
export function runCommand(): Command {
  return new Command('run')
    .description('Run a policy on raw vectors: safetensors in, safetensors out.')
    .argument('<policy>', 'directory of a policy package')
    .option('--input <file>', 'observation, observation.NAME or condition; noises optional')
    .option('--output <file>', 'where to write sample (normalised) and action (physical)')
    .addOption(
      new Option(
        '--stream',
        'take files from standard input, a line {"input": "...", "output": "..."} each, answer each with a line of ' +
          'JSON, and end with the input: a program that runs many loads the policy once',
      ).conflicts(['input', 'output']),
    )
    .option('--plan <file>', 'which block updates when; without it every block does at every step')
    .addOption(
      new Option('--engine <name>', 'the compiled graph, or block by block as it was trained')
        .choices(['compiled', 'interpreter'])
        .default('compiled'),
    )
    .option('--seed <number>', 'makes the noises that the input does not hold', integerOption(0), 0)
    .option('--threads <number>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
    .option('--json', 'print a summary for machines')
    .action(run);
}

async function run(directory: string, options: RunOptions, command: Command): Promise<void> {
  const { input, output, stream } = options;
  if (!stream && input === undefined) missing(command, '--input <file>');
  if (!stream && output === undefined) missing(command, '--output <file>');
  const runner = await VectorRunner.open(directory, options);
  try {
    if (stream) return await runStream(runner, options.plan);
    const made = await runner.run(input!, output!);
    const method = runner.plan ? runner.plan.method : 'dense';
    console.log(
      options.json
        ? JSON.stringify(made)
        : `${made.samples} samples, ${method}, ${made.engine}: written to ${made.output}`,
    );
  } finally {
    await runner.close();
  }
}

function missing(command: Command, option: string): void {
  command.error(`error: required option '${option}' not specified; or give --stream`);
}

const job = z.strictObject({ input: z.string().min(1), output: z.string().min(1) });

/** Answers every line of standard input; what cannot be used ends it, as it ends one run. */
async function runStream(runner: VectorRunner, plan: string | undefined): Promise<void> {
  let line = 0;
  for await (const text of createInterface({ input: process.stdin })) {
    line++;
    const { input, output } = parseJob(text, line);
    refuseToOverwrite(output, [input, plan]);
    console.log(JSON.stringify(await runner.run(input, output)));
  }
}

function parseJob(text: string, line: number): z.infer<typeof job> {
  const where = `standard input, line ${line}`;
  let parsed;
  try {
    parsed = job.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? error.issues[0]!.message : messageOf(error);
    throw new BadInput(why, where, 'give {"input": "FILE", "output": "FILE"}');
  }
  if (resolve(parsed.input) === resolve(parsed.output)) {
    throw new BadInput(`${parsed.input} is input and output`, where, 'give another output');
  }
  return parsed;
}
