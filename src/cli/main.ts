#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { BadInput, messageOf } from '../errors.js';
import { calibrateCommand } from './calibrate.js';
import { benchCommand } from './bench.js';
import { compileCommand } from './compile.js';
import { importCommand } from './import.js';
import { inspectCommand } from './inspect.js';
import { planCommand } from './plan.js';
import { replayCommand } from './replay.js';
import { runCommand } from './run.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** What a shell reports for a program ended by SIGINT. */
const EXIT_INTERRUPTED = 130;

const program = new Command('bac-policy')
  .description(
    'Diffusion policies, fast: block-wise adaptive caching compiled into one ONNX graph.',
  )
  .version('0.1.0')
  .exitOverride()
  .showHelpAfterError('(see --help)');

for (const command of [
  importCommand(),
  calibrateCommand(),
  planCommand(),
  inspectCommand(),
  compileCommand(),
  runCommand(),
  replayCommand(),
  benchCommand(),
]) {
  // Unlike `command()`, `addCommand()` hands down no settings: without them bad usage would exit with 1.
  program.addCommand(command.copyInheritedSettings(program));
}

process.once('SIGINT', () => {
  process.stderr.write('\ninterrupted: nothing half-written was kept\n');
  process.exit(EXIT_INTERRUPTED);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_BAD_INPUT;
  process.stderr.write(`bac-policy: ${messageOf(error)}\n`);
  return error instanceof BadInput ? EXIT_BAD_INPUT : EXIT_FAILED;
}
