import { buildImageEncoderGraph } from '../compiler/image_encoder/image_encoder.js';
import type { ImageInput } from '../policy/manifest.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { cachedGraph } from './graph_cache.js';
import { Session, type SessionOptions } from './session.js';

interface Camera {
  readonly input: ImageInput;
  readonly session: Session;
}

/** The camera encoders of a policy, one session per camera. */
export class ImageEncoders {
  readonly #sessions: ReadonlyMap<string, Camera>;

  private constructor(sessions: ReadonlyMap<string, Camera>) {
    this.#sessions = sessions;
  }

  /** Compiles (or takes from the cache) and loads the encoder of every camera. */
  static async open(policy: PolicyPackage, options: SessionOptions): Promise<ImageEncoders> {
    const sessions = new Map<string, Camera>();
    const { encoder, inputs } = policy.manifest;
    for (const input of inputs) {
      if (input.kind !== 'image') continue;
      const graph = await cachedGraph([policy.sha256, 'encoder', input.name], () =>
        buildImageEncoderGraph(policy.encoder!, input, encoder!),
      );
      sessions.set(input.name, { input, session: await Session.load(graph.model, options) });
    }
    return new ImageEncoders(sessions);
  }

  /** Features (feature_dim) of one frame. @param rgb (H, W, 3) of the input's size */
  async encode(inputName: string, rgb: Uint8Array): Promise<Float32Array> {
    const found = this.#sessions.get(inputName);
    if (!found) throw new RangeError(`the policy has no camera '${inputName}'`);
    const shape = [1, ...found.input.size, 3];
    const outputs = await found.session.run({ image: { data: rgb, shape } });
    return outputs['features']!.data as Float32Array;
  }

  async close(): Promise<void> {
    for (const { session } of this.#sessions.values()) await session.close();
  }
}
