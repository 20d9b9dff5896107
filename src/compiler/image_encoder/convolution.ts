import type { GraphBuilder, Value } from '../graph.js';

/** How a kernel moves over an image; the same along height and width. */
export interface Window {
  readonly stride: number;
  /** Rows and columns of zeros (for a maximum: of nothing) added on every side. */
  readonly padding: number;
}

/**
 * 2-d convolution: (1, C, H, W) -> (1, O, H', W').
 * @param weight (O, C / groups, kh, kw)
 * @param bias (O)
 * @throws RangeError when the shapes do not fit
 */
export function convolution(
  graph: GraphBuilder,
  x: Value,
  weight: Value,
  bias: Value | undefined,
  { stride, padding, groups = 1 }: Window & { readonly groups?: number },
): Value {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [outputs, inputs, kernelHeight, kernelWidth] = weight.shape as [
    number,
    number,
    number,
    number,
  ];
  if (inputs * groups !== channels || outputs % groups !== 0) {
    throw new RangeError(
      `Conv: '${weight.name}' [${weight.shape.join()}] does not fit [${x.shape.join()}]`,
    );
  }
  if (bias && bias.shape.join() !== `${outputs}`) {
    throw new RangeError(`Conv: bias '${bias.name}' is [${bias.shape.join()}], not [${outputs}]`);
  }
  const shape = [
    1,
    outputs,
    positions(height, kernelHeight, { stride, padding }),
    positions(width, kernelWidth, { stride, padding }),
  ] as const;
  return graph.node(
    'Conv',
    bias ? [x, weight, bias] : [x, weight],
    shape,
    {
      group: groups,
      kernel_shape: [kernelHeight, kernelWidth],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    },
    { multiplyAdds: outputs * shape[2] * shape[3] * inputs * kernelHeight * kernelWidth },
  );
}

/** Maximum over a square window: (1, C, H, W) -> (1, C, H', W'). */
export function maxPool(
  graph: GraphBuilder,
  x: Value,
  { size, stride, padding }: Window & { readonly size: number },
): Value {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const window = { stride, padding };
  return graph.node(
    'MaxPool',
    [x],
    [1, channels, positions(height, size, window), positions(width, size, window)],
    {
      kernel_shape: [size, size],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    },
  );
}

/** Places a kernel takes along one axis. */
function positions(size: number, kernel: number, { stride, padding }: Window): number {
  const count = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  if (count < 1) throw new RangeError(`a kernel of ${kernel} does not fit into ${size}`);
  return count;
}
