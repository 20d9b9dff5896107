// Sends random and hostile chunks through the motion executor and checks every trajectory that comes out (after
// `make build`): node scripts/wild_chunks.mjs [COUNT] [SEED]
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { sendWildChunks } from '../dist/test/control/motion/wild_chunks.js';

const [count = '1000000', seed = '0'] = process.argv.slice(2);
const begun = performance.now();
const result = sendWildChunks(Number(count), Number(seed));
console.log({ ...result, seconds: Math.round((performance.now() - begun) / 1000) });
