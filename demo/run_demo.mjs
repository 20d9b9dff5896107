// A real policy and a real bag (made by that policy in a simulated Lift task, see lift_tiny/README.md), replayed
// dense, with the paper's plan and with one that was searched. Runs the same commands that a user would, then writes demo/out/index.html.
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath, URL } from 'node:url';
import { writeAtomically } from '../dist/src/files.js';
import { readPlan } from '../dist/src/policy/plan_file.js';
import { readChunks, readSentTargets } from '../dist/src/report/joint_motion.js';
import { replayFacts } from '../dist/src/report/replay_facts.js';
import { replayPage } from '../dist/src/report/replay_page.js';
import { replayWords } from '../dist/src/report/replay_words.js';

const CLI = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const began = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

// Messages show short paths; they hold wherever the demo is started from.
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const given = 'demo/lift_tiny';
const out = process.argv[2] ?? 'demo/out';
const bag = `${given}/bag`;
const policy = `${out}/policy`;
const plans = `${out}/plans`;
// The search takes a minute; for a policy of your own leave both options out, and it takes nine.
const SEARCH = ['--time-limit', '60', '--trajectories', '128'];
await mkdir(out, { recursive: true });

const imported = ['import', `${given}/lift_lowdim_tiny.ckpt`, '-o', policy];
await step('Import the checkpoint', [...imported, '--sources', 'config/sources/lift_lowdim.yaml']);
await step('Search plans by the error of the action, on what the bag observed', [
  ...['optimize', policy, '--bag', bag, '-o', plans, ...SEARCH],
]);
const bac = `${out}/bac_s10_n5.json`;
await step("Make the paper's plan, by the similarity of features", [
  ...['plan', policy, '--calibration', `${plans}/calibration.safetensors`, '-o', bac],
  ...['--method', 'bac', '--updates', '10', '--bubbling', '5'],
]);
const chosen = [
  { label: "the paper's plan", name: 'bac', path: bac },
  { label: 'the searched plan', name: 'searched', path: `${plans}/balanced.json` },
];
const replay = ['replay', policy, '--bag', bag, '-o'];
await step('Replay the bag, every block computed at every step', [...replay, `${out}/dense`]);
for (const { label, name, path } of chosen) {
  await step(`Replay it with ${label}`, [...replay, `${out}/${name}`, '--plan', path]);
}
const otherNoise = [...replay, `${out}/other_noise`, '--seed', '1'];
await step(
  'Replay it dense from other noise, to see what the policy itself leaves open',
  otherNoise,
);
const timing = await step('Time all of them in turn', [
  ...['bench', policy, '--bag', bag],
  ...chosen.flatMap(({ path }) => ['--plan', path]),
]);

const { action } = JSON.parse(await readFile(`${policy}/policy.json`, 'utf8'));
const { episodes } = JSON.parse(await readFile(`${out}/dense/statistics.json`, 'utf8'));
const TOPIC = '/policy/joint_trajectory';
const replayed = (name) => readChunks(`${out}/${name}`, TOPIC);
const dense = await replayed('dense');
const [denseTime, ...planTimes] = timing.rows;
const planReplays = await Promise.all(
  chosen.map(async ({ label, name, path }, i) => ({
    label: `${label[0].toUpperCase()}${label.slice(1)}`,
    file: await readPlan(path),
    motion: await replayed(name),
    bench: planTimes[i],
  })),
);
const periodNs = BigInt(Math.round(1e9 / action.rate_hz));
const { jointNames } = dense;
const sent = await readSentTargets(bag, '/executed_joint_target', jointNames, periodNs);
const units = jointNames.map((_, joint) =>
  typeof action.unit === 'string' ? action.unit : action.unit[joint],
);
const denseReplays = { dense, otherNoise: await replayed('other_noise') };
const facts = replayFacts(units, denseReplays, planReplays, denseTime, episodes);
const page = `${out}/index.html`;
await writeAtomically(
  page,
  replayPage({
    title:
      "A diffusion policy on a recorded bag: dense, with the paper's plan, with a searched one",
    facts,
    dense,
    motions: planReplays.map(({ motion }) => motion),
    sent,
    units,
    notes: [
      'Policy: robosuite Lift, Panda arm, 4 layers of width 64: small enough to lie in a repository. The paper has 8 layers of width 256, where caching wins more.',
      `Times: bac-policy bench on ${cpus()[0]?.model ?? 'this machine'}, Node ${process.version}, ${facts.dense.threads} thread, all in turn; as if nothing else ran: the time of the processor itself, not of the clock. Dense here is dense on the same compiled engine; against PyTorch: make peers, then bac-policy bench --peers.`,
      'Differences: over all actions of the replayed bags, joint by joint. bac-policy bench prints one root mean square over all joints together, from other noise.',
      'Both plans were made from observations of these two episodes, the only ones in the repository, with other noise. On other episodes the searched plan is less exact: optimize with your own bags holds episodes out and says by how much.',
      'Small differences of the motion do not prove that the task succeeds: for that, a robot or a simulator has to be in the loop.',
    ],
  }),
);

const sentences = [
  ...replayWords(facts),
  'Both plans were made from observations of these two episodes, with other noise; on others the ' +
    'searched one is less exact.',
];
const wrapped = sentences.map((sentence) => wrap(sentence, '  '));
console.log(`
What happened
${wrapped.join('\n')}

Where to look
  ${page}: the plans, the motion of every joint and the times, as charts
  ${plans}/balanced.json: the searched plan and its certificate (npx bac-policy inspect ${plans}/balanced.json)
  ${out}/searched: the robot trajectories as a ROS 2 bag (npx bac-policy inspect ${out}/searched)
  README.md: the same with your own checkpoint and bag

Done in ${seconds(began)}.`);

/** Runs one command of bac-policy, shows it as a user would type it, and returns what it printed. */
async function step(title, args) {
  const start = performance.now();
  console.log(`${title}\n  npx bac-policy ${args.join(' ')}`);
  const child = spawn(process.execPath, [CLI, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) {
    console.error(`The demo stopped: the command above ended with ${code}.`);
    process.exit(1);
  }
  console.log(`  ${seconds(start)}\n`);
  return JSON.parse(printed);
}

/** Breaks text into lines of at most 100 characters. */
function wrap(text, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length > 96) lines.push('');
    lines.push(`${lines.pop()}${word} `);
  }
  return lines.map((line) => `${indent}${line.trimEnd()}`).join('\n');
}
