import assert from 'node:assert/strict';
import { blockName } from '../../src/caching/blocks.js';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import type { MethodContext } from '../../src/caching/methods/method.js';
import { methodNamed } from '../../src/caching/methods/methods.js';
import { calibrationRun } from '../../src/inference/calibration_run.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import { type Interpreter, openInterpreter } from '../../src/inference/interpreter.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { assertClose } from '../support/assert_close.js';
import { denoiseAll } from '../support/engines.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

/** Of samples of size 1; random weights amplify rounding more than trained ones. */
const TOLERANCE = 1e-4;

/** Methods whose decisions are static, and what they are given. */
const CASES: readonly [string, Record<string, unknown>][] = [
  ['taylor', { updates: 6, order: 1 }],
  ['taylor', { updates: 6, order: 3 }],
  ['adams-bashforth', { updates: 4 }],
  ['linear', { updates: 5 }],
  ['exposure-bias', { updates: 4 }],
  ['token', { updates: 6, share: 0.5 }],
  ['evict', { updates: 7, keep: 2, from: 6 }],
  ['evict', { updates: 7, keep: 1, from: 1 }],
  ['ddim', { steps: 5 }],
  ['dpm-solver++', { steps: 8, updates: 3 }],
];

/** Root mean square difference. */
function rms(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}

describe('static methods, compiled against block by block', () => {
  for (const n_cond_layers of [0, 1]) {
    let policy: PolicyPackage;
    let interpreter: Interpreter;
    let context: MethodContext;

    before(async () => {
      policy = await randomPolicy({ architecture: { n_cond_layers } });
      interpreter = await openInterpreter(policy, { threads: 1, batch: 3 });
      const run = calibrationRun(interpreter, policy.manifest, randomInputs(policy, 3, 8));
      context = { policySha256: policy.sha256, manifest: policy.manifest, run };
    });
    after(() => interpreter.close());

    it(`int8 in self-attention and feed-forward, ${n_cond_layers} condition layers`, async () => {
      const { plan, constants } = await methodNamed('int8').make(context, { updates: 1 });
      // What the compiled engine rounds once a chunk in cross-attention, the interpreter leaves as it is.
      const blocks = plan.blocks.map(blockName).filter((name) => !name.endsWith('cross_attention'));
      const numerics = { kind: 'int8' as const, blocks };
      const program = denoisingProgram(policy.manifest, { plan: { ...plan, numerics }, constants });
      const inputs = randomInputs(policy, 3, 9);
      const { sample: rounded } = await interpreter.run({ ...inputs, program });
      const full = { ...program, numerics: { kind: 'fp32' } } as const;
      const { sample: plain } = await interpreter.run({ ...inputs, program: full });
      const denoiser = await openDenoiser(policy, program);
      const { sample: compiled } = await denoiseAll(denoiser, policy, inputs);
      await denoiser.close();
      // One update only: a number that is rounded the other way changes what is rounded after it.
      const [near, far] = [rms(compiled, rounded), rms(compiled, plain)];
      assert.ok(
        far > 1e-3 && near < 0.01 * far,
        `${near} from rounded, ${far} from full precision`,
      );
    });

    for (const [name, options] of CASES) {
      it(`${name} ${JSON.stringify(options)}, ${n_cond_layers} condition layers`, async () => {
        const made = await methodNamed(name).make(context, options);
        const program = denoisingProgram(policy.manifest, made);
        const inputs = randomInputs(policy, 3, 9);
        const expected = (await interpreter.run({ ...inputs, program })).sample;
        const denoiser = await openDenoiser(policy, program);
        const { sample } = await denoiseAll(denoiser, policy, inputs);
        await denoiser.close();
        assertClose(sample, expected, TOLERANCE, name);
      });
    }
  }
});
