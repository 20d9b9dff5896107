import type { EpisodeThumbnails } from '../control/picture_reference.js';
import { THUMBNAIL_SIZE } from '../control/thumbnail.js';
import { BadInput } from '../errors.js';
import { floatTensor, type Tensor, type TensorFile } from '../policy/safetensors.js';

const SEEN = 'picture.';
const EPISODE = 'picture_episode.';
const CELLS = THUMBNAIL_SIZE ** 2;

/**
 * What cameras showed as tensors of a calibration file: per camera, by the name of its input, `picture.NAME`
 * (M, 144) thumbnails in float32 and `picture_episode.NAME` (M) in int32.
 */
export function pictureTensors(
  pictures: ReadonlyMap<string, EpisodeThumbnails> = new Map(),
): [string, Tensor][] {
  return [...pictures].flatMap(([name, { thumbnails, episodes }]): [string, Tensor][] => {
    const whole = new Float32Array(thumbnails.length * CELLS);
    thumbnails.forEach((one, i) => whole.set(one, i * CELLS));
    const shape = [thumbnails.length];
    return [
      [SEEN + name, floatTensor([...shape, CELLS], whole)],
      [EPISODE + name, { dtype: 'I32', shape, data: Int32Array.from(episodes) }],
    ];
  });
}

/** @returns undefined where there are none @throws BadInput naming a tensor that is missing or wrong */
export function decodePictures(
  { tensors }: TensorFile,
  where: string,
): Map<string, EpisodeThumbnails> | undefined {
  const names = [...tensors.keys()].filter((name) => name.startsWith(SEEN));
  if (names.length === 0) return undefined;
  return new Map(
    names.map((tensor) => {
      const name = tensor.slice(SEEN.length);
      const seen = tensors.get(tensor)!;
      const episode = tensors.get(EPISODE + name);
      const count = seen.shape[0] ?? 0;
      const fits =
        seen.data instanceof Float32Array &&
        seen.shape.join() === `${count},${CELLS}` &&
        count > 0 &&
        seen.data.every(Number.isFinite) &&
        episode?.data instanceof Int32Array &&
        episode.shape.join() === String(count);
      if (!fits) {
        throw new BadInput(
          `'${tensor}' and '${EPISODE}${name}' are no thumbnails (M, ${CELLS}) with their episodes (M)`,
          where,
          'make the calibration again with bac-policy calibrate',
        );
      }
      const data = seen.data as Float32Array;
      const thumbnails = Array.from({ length: count }, (_, i) =>
        data.slice(i * CELLS, (i + 1) * CELLS),
      );
      return [name, { thumbnails, episodes: episode.data as Int32Array }];
    }),
  );
}
