import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { OnnxGraph } from '../compiler/graph.js';
import { messageOf } from '../errors.js';
import { sha256, sha256OfFile, writeAtomically } from '../files.js';

/** Changes whenever the compiler makes other graphs from the same policy and plan. */
const COMPILER_VERSION = 6;

/** Beyond this the graphs that were not used for longest are removed. */
const MAX_CACHE_BYTES = 4 * 1024 ** 3;

/** A compiled graph, ready to be loaded. */
export interface CachedGraph {
  /** Path of the file, its content checked; the graph itself where nothing can be written. */
  readonly model: string | Uint8Array;
  readonly multiplyAdds: number;
  readonly nodes: number;
  /** Whether it was there already. */
  readonly hit: boolean;
}

/** Where compiled graphs are kept: $BAC_POLICY_CACHE, else $XDG_CACHE_HOME or ~/.cache. */
export function cacheDirectory(): string {
  const { BAC_POLICY_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  // An empty variable counts as unset (XDG Base Directory Specification).
  return own || join(shared || join(homedir(), '.cache'), 'bac_policy');
}

/**
 * A compiled graph from the cache, or built and put there. The name is the digest of everything the graph
 * depends on; a note beside it holds the digest of the file, and a file that differs from its note
 * (truncated, changed, half-written) is built again. Where the directory cannot be written the graph is
 * handed over in memory, and a line on standard error says so.
 * @param key what the graph depends on beside the compiler
 */
export async function cachedGraph(
  key: readonly string[],
  build: () => OnnxGraph,
): Promise<CachedGraph> {
  const directory = cacheDirectory();
  const name = sha256(Buffer.from(JSON.stringify([COMPILER_VERSION, ...key])));
  const path = join(directory, `${name}.onnx`);
  const notePath = join(directory, `${name}.json`);
  const note = await readNote(notePath);
  if (note && (await sha256OfFile(path).catch(() => undefined)) === note.sha256) {
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return { model: path, multiplyAdds: note.multiplyAdds, nodes: note.nodes, hit: true };
  }
  const graph = build();
  const { multiplyAdds, nodes } = graph;
  const stored = await store(directory, path, notePath, graph);
  return { model: stored ? path : graph.bytes, multiplyAdds, nodes, hit: false };
}

/** Puts a graph and its note into the cache. @returns whether that worked */
async function store(
  directory: string,
  path: string,
  notePath: string,
  { bytes, multiplyAdds, nodes }: OnnxGraph,
): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // Only a directory stands in the way of a rename; nobody but us has a use for this name.
    for (const own of [path, notePath]) {
      if ((await stat(own).catch(() => undefined))?.isDirectory())
        await rm(own, { recursive: true });
    }
    await writeAtomically(path, bytes);
    const note: Note = { sha256: sha256(bytes), multiplyAdds, nodes };
    await writeAtomically(notePath, JSON.stringify(note));
    await prune(directory, path);
    return true;
  } catch (error) {
    warnOnce(
      `bac-policy: compiled graphs are not kept, each start builds them again: ${messageOf(error)}; ` +
        'set BAC_POLICY_CACHE to a directory that can be written\n',
    );
    return false;
  }
}

let warned = false;
function warnOnce(text: string): void {
  if (!warned) process.stderr.write(text);
  warned = true;
}

interface Note {
  readonly sha256: string;
  readonly multiplyAdds: number;
  readonly nodes: number;
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as Partial<Note>;
    const { sha256: digest, multiplyAdds, nodes } = note;
    if (typeof digest !== 'string' || !Number.isFinite(multiplyAdds) || !Number.isFinite(nodes)) {
      return undefined;
    }
    return note as Note;
  } catch {
    return undefined;
  }
}

/** Removes the graphs that were not used for longest until the rest fits. */
async function prune(directory: string, keep: string): Promise<void> {
  const files = [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.onnx')) continue;
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found) files.push({ path, bytes: found.size, usedMs: found.mtimeMs });
  }
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= MAX_CACHE_BYTES) return;
    if (file.path === keep) continue;
    await rm(file.path, { force: true });
    await rm(file.path.replace(/\.onnx$/, '.json'), { force: true });
    total -= file.bytes;
  }
}
