import { GraphBuilder } from '../compiler/graph.js';
import { BadInput, messageOf } from '../errors.js';
import { type ExecutionProvider, Session } from './session.js';

/** What was asked for: `auto` takes CUDA where there is one. */
export type ProviderChoice = 'auto' | ExecutionProvider;

/** The provider that is used. */
export interface FoundProvider {
  readonly provider: ExecutionProvider;
  /** One line that says why it is not CUDA, where that was tried. */
  readonly note?: string;
}

/**
 * Finds out whether CUDA works, with a graph of one operator: a real one is not worth reading for that.
 * @param fallback whether `cuda` may become the CPU; `auto` always may
 * @param load loads a graph with CUDA and frees it again
 * @throws BadInput when CUDA is asked for, missing, and must not be replaced
 */
export async function findProvider(
  choice: ProviderChoice,
  fallback: boolean,
  load: () => Promise<void> = loadWithCuda,
): Promise<FoundProvider> {
  if (choice === 'cpu') return { provider: 'cpu' };
  try {
    await load();
    return { provider: 'cuda' };
  } catch (error) {
    return withoutCuda(choice, fallback, error);
  }
}

/**
 * What follows from CUDA having failed.
 * @throws BadInput when the CPU must not take its place
 */
export function withoutCuda(
  choice: ProviderChoice,
  fallback: boolean,
  error: unknown,
): FoundProvider {
  const why = `CUDA cannot be used: ${reasonOf(error)}`;
  if (choice === 'cuda' && !fallback) {
    throw new BadInput(why, 'execution provider cuda', 'install it, or allow or choose the CPU');
  }
  return { provider: 'cpu', note: `${why}; the CPU is used instead` };
}

async function loadWithCuda(): Promise<void> {
  const graph = new GraphBuilder();
  const floats = graph.toFloat(graph.input('bytes', [1], 'uint8'));
  const session = await Session.load(graph.finish({ floats }).bytes, { provider: 'cuda' });
  await session.close();
}

/** ONNX Runtime has but one sentence for libraries that are not there. */
function reasonOf(error: unknown): string {
  const message = messageOf(error).replace('ONNX Runtime cannot load the graph: ', '');
  return message.includes('Failed to load shared library')
    ? "ONNX Runtime's CUDA provider or a library that it needs is not installed"
    : message.slice(0, 300);
}
