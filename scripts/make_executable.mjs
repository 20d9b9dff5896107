// tsc writes no executable bit; `npx bac-policy` at the root of a checkout needs one.
import { chmodSync } from 'node:fs';
chmodSync('dist/src/cli/main.js', 0o755);
