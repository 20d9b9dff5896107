import { BadInput } from '../errors.js';
import { evaluateExpression } from './config_expression.js';
import type { ConfigValue } from './config_value.js';

const MAX_REFERENCES = 2_000;
const MAX_TEXT_LENGTH = 10_000;
const MAX_DEPTH = 32;

/**
 * The configuration a policy was trained with, looked up by dotted keys (`policy.model.n_emb`).
 * Interpolations (`${horizon}`, `${.x}`, `${eval:'${a}+1'}`) are resolved when a key that needs them is
 * asked for, so those that only training used (`${now:...}`) do no harm.
 */
export class TrainingConfig {
  readonly #root: ConfigValue;
  readonly #where: string;
  #references = 0;

  /** @param where the file, for error messages */
  constructor(root: ConfigValue, where: string) {
    this.#root = root;
    this.#where = where;
  }

  /** The value at `key`, or undefined when there is none (or null). */
  value(key: string): Exclude<ConfigValue, null> | undefined {
    return this.#lookUp(key.split('.'), 0) ?? undefined;
  }

  /** A whole number; `fallback` is what the trained class uses when the key is absent. */
  integer(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    if (value === undefined) throw this.bad(key, 'is missing');
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.bad(key, `is ${describe(value)}, not a whole number`);
    }
    return value;
  }

  number(key: string, fallback: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw this.bad(key, `is ${describe(value)}, not a finite number`);
    }
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.bad(key, `is ${describe(value)}, not true or false`);
    return value;
  }

  /** One of `choices`. */
  choice<T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.value(key) ?? fallback;
    const chosen = choices.find((choice) => choice === value);
    if (!chosen) {
      throw this.bad(key, `is ${describe(value)}, supported are ${choices.join(', ')}`);
    }
    return chosen;
  }

  /** Whole numbers, or undefined where the key is absent or null. */
  integers(key: string): number[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.bad(key, `is ${describe(value)}, not a list`);
    return value.map((_, i) => this.integer(`${key}.${i}`));
  }

  /** Keys of the dictionary at `key`, in order; empty where there is none. */
  keys(key: string): string[] {
    const value = this.value(key);
    return value instanceof Map ? [...value.keys()] : [];
  }

  /** The class a `_target_` names, without its modules; undefined where there is none. */
  className(key: string): string | undefined {
    const value = this.value(`${key}._target_`);
    return typeof value === 'string' ? value.slice(value.lastIndexOf('.') + 1) : undefined;
  }

  /** An error about the value at `key`. */
  bad(key: string, what: string): BadInput {
    return new BadInput(
      `cfg.${key} ${what}`,
      this.#where,
      'use a checkpoint of a supported policy',
    );
  }

  #lookUp(path: readonly string[], depth: number): ConfigValue {
    let node: ConfigValue = this.#root;
    for (const [i, part] of path.entries()) {
      if (node instanceof Map) node = node.get(part) ?? null;
      else if (Array.isArray(node)) node = (node as ConfigValue[])[Number(part)] ?? null;
      else return null;
      if (typeof node === 'string') node = this.#resolve(node, path.slice(0, i + 1), depth);
    }
    return node;
  }

  /** Replaces the interpolations in `text`, the value at `path`. */
  #resolve(text: string, path: readonly string[], depth: number): ConfigValue {
    if (!text.includes('${')) return text === '???' ? null : text;
    const key = path.join('.');
    if (depth > MAX_DEPTH || ++this.#references > MAX_REFERENCES) {
      throw this.bad(key, 'refers to itself, or through too many others');
    }
    if (text.length > MAX_TEXT_LENGTH) throw this.bad(key, 'is too long');
    const whole = /^\$\{([^{}]*)\}$/.exec(text);
    if (whole) return this.#interpolate(whole[1]!, path, depth);
    // Innermost first, each replaced by its text: `${eval:'${a}+${b}'}`.
    const inner = /\$\{([^{}]*)\}/.exec(text);
    if (!inner) throw this.bad(key, `has an interpolation that cannot be read: ${describe(text)}`);
    const value = this.#interpolate(inner[1]!, path, depth + 1);
    if (typeof value === 'object' && value !== null) {
      throw this.bad(key, `puts the list or dictionary \${${inner[1]}} into a text`);
    }
    const before = text.slice(0, inner.index);
    const after = text.slice(inner.index + inner[0].length);
    return this.#resolve(before + pythonText(value) + after, path, depth);
  }

  #interpolate(expression: string, path: readonly string[], depth: number): ConfigValue {
    const key = path.join('.');
    const resolver = /^\s*([\w.]*)\s*:(.*)$/s.exec(expression);
    if (resolver) {
      const argument = resolver[2]!.trim().replace(/^(['"])(.*)\1$/s, '$2');
      const value = resolver[1] === 'eval' ? evaluateExpression(argument) : undefined;
      if (value !== undefined) return value;
      throw this.bad(key, `needs \${${expression}}, which cannot be resolved`);
    }
    const name = expression.trim();
    const dots = /^\.*/.exec(name)![0].length;
    const base = dots === 0 ? [] : path.slice(0, path.length - dots);
    const target = [...base, ...name.slice(dots).split('.')];
    const value = this.#lookUp(target, depth + 1);
    if (value === null && !this.#has(target, depth + 1)) {
      throw this.bad(key, `refers to \${${name}}, which does not exist`);
    }
    return value;
  }

  /** Whether a key exists, be it null; only asked when the value is null. */
  #has(path: readonly string[], depth: number): boolean {
    const parent = path.length > 1 ? this.#lookUp(path.slice(0, -1), depth) : this.#root;
    return parent instanceof Map && parent.has(path.at(-1)!);
  }
}

/** A value as Python's `str` writes it, which is what goes into a surrounding text. */
function pythonText(value: null | boolean | number | string): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}

/** A value from the file in an error message, short and printable. */
function describe(value: unknown): string {
  if (value instanceof Map) return 'a dictionary';
  return (JSON.stringify(value) ?? 'nothing').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
