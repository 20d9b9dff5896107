import { blockIndex, blockName } from './blocks.js';
import type { Plan } from './plan.js';

/** Columns of the widest raster. */
const MAX_COLUMNS = 100;

/**
 * The plan as text, one line per block in canonical order, noisiest step on the left: `#` where the block
 * updates, `.` where it reuses. Above 100 steps a column stands for several and is `#` if any updates.
 */
export function planRaster(plan: Plan): string {
  const perColumn = Math.ceil(plan.steps / MAX_COLUMNS);
  const columns = Math.ceil(plan.steps / perColumn);
  const blocks = [...plan.blocks].sort((a, b) => blockIndex(a) - blockIndex(b));
  const label = Math.max(...blocks.map((block) => blockName(block).length));
  return blocks
    .map((block) => {
      const cells = new Array<string>(columns).fill('.');
      for (const step of block.updates) cells[Math.floor(step / perColumn)] = '#';
      const count = String(block.updates.length).padStart(String(plan.steps).length);
      return `${blockName(block).padEnd(label)}  ${count}  ${cells.join('')}`;
    })
    .join('\n');
}
