#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { BadInput, messageOf } from '../errors.js';
import { refuseToOverwriteInputs } from './output_guard.js';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** What a shell reports for a program ended by one of these signals. */
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

for (const [signal, exitCode] of Object.entries(EXIT_BY_SIGNAL)) {
  process.once(signal, () => {
    process.stderr.write('\ninterrupted: nothing half-written was kept\n');
    process.exit(exitCode);
  });
}

/** Each command's module is loaded only when it is wanted: ONNX Runtime and mathjs take their time. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  import: async () => (await import('./import.js')).importCommand(),
  inspect: async () => (await import('./inspect.js')).inspectCommand(),
  calibrate: async () => (await import('./calibrate.js')).calibrateCommand(),
  plan: async () => (await import('./plan.js')).planCommand(),
  optimize: async () => (await import('./optimize.js')).optimizeCommand(),
  compile: async () => (await import('./compile.js')).compileCommand(),
  run: async () => (await import('./run.js')).runCommand(),
  replay: async () => (await import('./replay.js')).replayCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
  report: async () => (await import('./report.js')).reportCommand(),
};

const program = new Command('bac-policy')
  .description(
    'Diffusion policies, fast: block-wise adaptive caching compiled into one ONNX graph.',
  )
  .version('0.1.0')
  .exitOverride()
  .configureOutput({
    // One line, as every other error.
    outputError: (text, write) =>
      write(`${text.trim().replaceAll(/\s*\n\s*/g, ' ')} (see --help)\n`),
  })
  .hook('preAction', (_, command) => refuseToOverwriteInputs(command));

const [, , wanted = ''] = process.argv;
const loaders = Object.hasOwn(COMMANDS, wanted) ? [COMMANDS[wanted]!] : Object.values(COMMANDS);
for (const load of loaders) {
  // Unlike `command()`, `addCommand()` hands down no settings: without them bad usage would exit with 1.
  program.addCommand((await load()).copyInheritedSettings(program));
}

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
