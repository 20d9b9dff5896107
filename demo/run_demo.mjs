// A real policy that sees two cameras and its joints, and a bag of it at work (made in a simulated Lift task, see
// lift_camera/README.md), replayed dense, with the paper's plan and with those that were searched. Runs the same
// commands that a user would, then writes demo/out/index.html.
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath, URL } from 'node:url';
import { writeAtomically } from '../dist/src/files.js';
import { readPlan } from '../dist/src/policy/plan_file.js';
import { cameraFilms } from '../dist/src/report/camera_film.js';
import { readChunks, readSentTargets } from '../dist/src/report/joint_motion.js';
import { replayFacts } from '../dist/src/report/replay_facts.js';
import { replayPage } from '../dist/src/report/replay_page.js';
import { replayWords } from '../dist/src/report/replay_words.js';

const CLI = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const began = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

// Messages show short paths; they hold wherever the demo is started from.
process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const given = 'demo/lift_camera';
const out = process.argv[2] ?? 'demo/out';
const bag = `${given}/bag`;
const policy = `${given}/policy`;
/** Of each camera in the page. */
const MAX_PICTURES = 180;
await mkdir(out, { recursive: true });

await step('What the policy is', ['inspect', policy]);
const calibration = `${out}/calibration.safetensors`;
const bac = `${out}/bac_s10_n5.json`;
await step(
  "Record how the features of every block change over the denoising steps, for the paper's plan",
  [...['calibrate', policy, '--bag', bag, '--trajectories', '0', '-o', calibration]],
);
await step("Make the paper's plan, by the similarity of features", [
  ...['plan', policy, '--calibration', calibration, '-o', bac],
  ...['--method', 'bac', '--updates', '10', '--bubbling', '5'],
]);
// These were searched by the error of the action: bac-policy optimize, in nine minutes.
const chosen = [
  { label: "the paper's plan", name: 'bac', path: bac },
  { label: 'the preset balanced', name: 'balanced', path: `${policy}/plans/balanced.json` },
  { label: 'the preset fast', name: 'fast', path: `${policy}/plans/fast.json` },
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

const { action, observation_sources: sources } = JSON.parse(
  await readFile(`${policy}/policy.json`, 'utf8'),
);
const cameras = sources.filter(({ type }) => type === 'sensor_msgs/msg/Image');
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
      "A diffusion policy that sees, on a recorded bag: dense, with the paper's plan, with searched ones",
    facts,
    dense,
    motions: planReplays.map(({ motion }) => motion),
    sent,
    films: await cameraFilms(bag, cameras, MAX_PICTURES),
    units,
    notes: [
      'Policy: robosuite Lift, Panda arm, two cameras and the joints, no pose of the cube; 8 layers of width 128, small enough to lie in a repository. The paper has 8 layers of width 256, where caching wins more.',
      `Times: bac-policy bench on ${cpus()[0]?.model ?? 'this machine'}, Node ${process.version}, ${facts.dense.threads} thread, all in turn; as if nothing else ran: the time of the processor itself, not of the clock. Dense here is dense on the same compiled engine; against PyTorch: make peers, then bac-policy bench --peers.`,
      'Differences: over all actions of the replayed bags, joint by joint. bac-policy bench prints one root mean square over all joints together, from other noise.',
      "The presets were searched on other episodes (demo/lift_camera/README.md); the paper's plan was made from observations of these, with other noise.",
      'Small differences of the motion do not prove that the task succeeds: docs/results.md has success in closed loop.',
    ],
  }),
);

const sentences = replayWords(facts);
const wrapped = sentences.map((sentence) => wrap(sentence, '  '));
console.log(`
What happened
${wrapped.join('\n')}

Where to look
  ${page}: what the robot saw, the plans, the motion of every joint and the times
  npx bac-policy inspect ${policy}/plans/balanced.json: a searched plan and its certificate
  npx bac-policy inspect ${out}/balanced: the robot trajectories as a ROS 2 bag
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
