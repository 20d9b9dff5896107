import { existsSync, readdirSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { bagSummary } from '../bag/bag_summary.js';
import { CALIBRATION_FORMAT, decodeCalibration } from '../caching/calibration.js';
import { BadInput } from '../errors.js';
import { readPlan } from '../policy/plan_file.js';
import { readPolicyPackage } from '../policy/policy_package.js';
import { readSafetensors } from '../policy/safetensors.js';
import { describeBag } from './descriptions/describe_bag.js';
import { describeCalibration } from './descriptions/describe_calibration.js';
import { describePlan } from './descriptions/describe_plan.js';
import { describePolicy } from './descriptions/describe_policy.js';
import { describeTensors } from './descriptions/describe_tensors.js';
import type { Description } from './descriptions/description.js';

/** Tensor files above this size are not loaded just to list their names. */
const MAX_TENSOR_BYTES = 2 * 1024 ** 3;

/** First bytes of every MCAP file (https://mcap.dev/spec). */
const MCAP_MAGIC = Buffer.from('\x89MCAP0\r\n', 'latin1');

/** `bac-policy inspect`: what is inside a policy package, plan, calibration or bag. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show what is inside a policy package, a plan, a calibration, vectors or a bag.')
    .argument('<path>', 'file or directory')
    .option('--json', 'print the same for machines')
    .action(async (path: string, { json }: { json?: boolean }) => {
      const { facts, text } = await describe(path);
      console.log(json ? JSON.stringify(facts) : text);
    });
}

/** @throws BadInput for anything that this program neither reads nor writes */
async function describe(path: string): Promise<Description> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new BadInput('does not exist', path, 'check the path');
  if (found.isDirectory()) {
    if (existsSync(join(path, 'policy.json'))) return describePolicy(await readPolicyPackage(path));
    const isBag = readdirSync(path).some((n) => n === 'metadata.yaml' || n.endsWith('.mcap'));
    if (isBag) return describeBag(path, await bagSummary(path));
    throw unknown(path);
  }
  if (!found.isFile()) throw unknown(path);
  if (path.endsWith('.mcap') || (await startsWith(path, MCAP_MAGIC))) {
    return describeBag(path, await bagSummary(path));
  }
  if (path.endsWith('.json')) return describePlan(path, await readPlan(path));
  // A safetensors header is a JSON object behind an 8-byte length.
  if (await startsWith(path, Buffer.from('{'), 8)) {
    const file = await readSafetensors(path, MAX_TENSOR_BYTES);
    return file.metadata['format'] === CALIBRATION_FORMAT
      ? describeCalibration(path, decodeCalibration(file, path))
      : describeTensors(path, file);
  }
  if (await startsWith(path, Buffer.from('{'))) return describePlan(path, await readPlan(path));
  throw unknown(path);
}

function unknown(path: string): BadInput {
  return new BadInput(
    'is neither a policy package nor a plan, calibration, vectors or bag',
    path,
    'give the path of one of these',
  );
}

/** Whether a regular file holds `bytes` at `position`. */
async function startsWith(path: string, bytes: Buffer, position = 0): Promise<boolean> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(bytes.length);
    await file.read(head, 0, head.length, position);
    return head.equals(bytes);
  } finally {
    await file.close();
  }
}
