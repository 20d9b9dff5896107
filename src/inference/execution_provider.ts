import { GraphBuilder } from '../compiler/graph.js';
import { BadInput, messageOf } from '../errors.js';
import { cudaLibraryProblem } from './cuda_libraries.js';
import { type ExecutionProvider, Session } from './session.js';

/** What was asked for: `auto` takes whichever is faster, see `faster_provider.ts`. */
export type ProviderChoice = 'auto' | ExecutionProvider;

/** The provider that is used. */
export interface FoundProvider {
  readonly provider: ExecutionProvider;
  /** One line that says why it is this one, where CUDA was tried. */
  readonly note?: string;
}

/**
 * Finds out whether CUDA works where it is allowed, with a graph of one operator: a real one is not worth reading for that.
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
  const { bytes } = graph.finish({ floats });
  const session = await Session.load(bytes, { provider: 'cuda' }).catch((error: unknown) => {
    const noLibrary = messageOf(error).includes('Failed to load shared library');
    throw noLibrary ? new Error(cudaLibraryProblem()) : error;
  });
  await session.close();
}

/** The words that say it, without the names of ONNX Runtime's functions and files around them. */
function reasonOf(error: unknown): string {
  const message = messageOf(error).replace('ONNX Runtime cannot load the graph: ', '');
  const reason =
    /CUDA failure \d+: [^;]*[^; ]/.exec(message)?.[0] ??
    /.*\[ONNXRuntimeError\] : \d+ : \w+ : (.+)/.exec(message)?.[1];
  return (reason ?? message.slice(0, 300)).trim();
}
