import type { ELEMENT_TYPE } from './onnx_format.js';

/** Element types a graph computes with. */
export type ElementType = keyof typeof ELEMENT_TYPE;

/** A tensor inside a graph: its name and the shape it was built with. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** Attributes of a node: a list is INTS, `{ float }` is FLOAT, a number is INT, a text is STRING. */
export type Attributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number } | string>
>;
