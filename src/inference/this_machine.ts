import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import type { Certificate } from '../caching/certificate.js';

const require = createRequire(import.meta.url);

/** Where and with what something is measured. */
export function thisMachine(): Pick<Certificate, 'machine' | 'versions'> {
  const version = (file: string): string => (require(file) as { version: string }).version;
  const processors = cpus();
  return {
    machine: { cpu: processors[0]?.model ?? 'unknown', cores: Math.max(1, processors.length) },
    versions: {
      bac_policy: version('../../../package.json'),
      onnxruntime: version('onnxruntime-node/package.json'),
      node: process.versions.node,
    },
  };
}
