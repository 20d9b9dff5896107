import assert from 'node:assert/strict';
import { runCli } from './run_cli.js';

/** Bad usage of the commands that run a policy: they end before they look at any file. */
describe('bad usage', () => {
  const cases: Readonly<Record<string, [string[], RegExp]>> = {
    'no policy': [['bench'], /missing required argument 'policy'/],
    'no input': [['run', 'x', '--output', 'y'], /required option '--input <file>'/],
    'no output': [['compile', 'x'], /required option '-o, --output <file>'/],
    'an unknown option': [['bench', 'x', '--fast'], /unknown option '--fast'/],
    'an unknown command': [['runn', 'x'], /unknown command 'runn'/],
    'one argument too many': [['bench', 'x', 'y'], /too many arguments/],
    'an unknown engine': [
      ['run', 'x', '--input', 'a', '--output', 'b', '--engine', 'magic'],
      /Allowed choices are compiled, interpreter/,
    ],
    'a negative seed': [['bench', 'x', '--seed', '-1'], /must be an integer of at least 0/],
    'no thread': [['bench', 'x', '--threads', '0'], /must be an integer from 1 to 256/],
    'a million threads': [['bench', 'x', '--threads', '1000000'], /from 1 to 256/],
    'half a chunk': [['bench', 'x', '--chunks', '0.5'], /must be an integer of at least 1/],
  };
  for (const [name, [args, message]] of Object.entries(cases)) {
    it(`${name}: exit code 2 and what is wrong`, () => {
      const { status, stdout, stderr } = runCli(...args);
      assert.match(stderr, message);
      assert.equal(status, 2);
      assert.equal(stdout, '');
    });
  }

  for (const command of ['run', 'compile', 'bench']) {
    it(`${command} --help explains itself`, () => {
      const { status, stdout } = runCli(command, '--help');
      assert.equal(status, 0);
      assert.match(stdout, new RegExp(`^Usage: bac-policy ${command} `));
      assert.match(stdout, /--json /);
    });
  }
});
