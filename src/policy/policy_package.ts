import { join } from 'node:path';
import { BadInput } from '../errors.js';
import { readChecked, sha256, sizeOfFile } from '../files.js';
import { parseManifest, type PolicyManifest } from './manifest.js';
import { decodeSafetensors, type FloatTensor, type Tensor } from './safetensors.js';

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Learned files above this size are refused (a DP-T with 8 layers and E 256 has 36 MB). */
const MAX_WEIGHTS_BYTES = 2 * 1024 ** 3;

/** A policy package whose every learned file was read and matches its digest. */
export interface PolicyPackage {
  readonly directory: string;
  readonly manifest: PolicyManifest;
  /** Digest of `policy.json`, which holds the digests of all that was learned: what a plan names. */
  readonly sha256: string;
  readonly denoiser: Weights;
  readonly encoder: Weights | undefined;
}

/** The tensors of one learned file, looked up by name with their shape checked. */
export class Weights {
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #where: string;

  /** @param where the file, for error messages */
  constructor(tensors: ReadonlyMap<string, Tensor>, where: string) {
    this.#tensors = tensors;
    this.#where = where;
  }

  /** A tensor of finite 32-bit floats of exactly this shape. @throws BadInput when there is none */
  get(name: string, shape: readonly number[]): FloatTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw this.#bad(`tensor '${name}' is missing`);
    if (tensor.dtype !== 'F32') throw this.#bad(`tensor '${name}' is ${tensor.dtype}, not F32`);
    if (tensor.shape.join() !== shape.join()) {
      throw this.#bad(
        `tensor '${name}' is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`,
      );
    }
    const floats = tensor as FloatTensor;
    if (!floats.data.every(Number.isFinite)) {
      throw this.#bad(`tensor '${name}' holds values that are not finite`);
    }
    return floats;
  }

  /** Names of all tensors. */
  names(): string[] {
    return [...this.#tensors.keys()];
  }

  #bad(what: string): BadInput {
    return new BadInput(what, this.#where, 'import the checkpoint again');
  }
}

/**
 * Reads and checks a policy package: schema, digests, sizes.
 * @throws BadInput naming the file and the field that is wrong
 */
export async function readPolicyPackage(directory: string): Promise<PolicyPackage> {
  const path = join(directory, 'policy.json');
  const text = await readChecked(path, MAX_MANIFEST_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch {
    throw new BadInput('is not JSON', path, 'import the checkpoint again');
  }
  const manifest = parseManifest(json, path);
  const read = async (name: string): Promise<Weights> => {
    const file = join(directory, name);
    const expected = manifest.files[name];
    if (!expected) throw new BadInput(`does not list ${name}`, path, 'import the checkpoint again');
    const size = await sizeOfFile(file);
    if (size !== expected.bytes) {
      throw new BadInput(
        `has ${size} bytes, policy.json says ${expected.bytes}`,
        file,
        'the file was changed or truncated: import the checkpoint again',
      );
    }
    const bytes = await readChecked(file, MAX_WEIGHTS_BYTES);
    if (sha256(bytes) !== expected.sha256) {
      throw new BadInput(
        'does not have the digest that policy.json gives',
        file,
        'the file was changed: import the checkpoint again',
      );
    }
    return new Weights(decodeSafetensors(bytes, file).tensors, file);
  };
  return {
    directory,
    manifest,
    sha256: sha256(text),
    denoiser: await read('denoiser.safetensors'),
    encoder: manifest.encoder ? await read('encoder.safetensors') : undefined,
  };
}
