import { BLOCK_KINDS } from '../../caching/blocks.js';
import { Html, html } from '../html.js';
import { legend } from '../legend.js';
import { COLOURS } from '../palette.js';
import { KIND_COLOURS, kindLabel, type RasterPlan, updateRaster } from '../update_raster.js';

/** Which block is computed when, with what the marks mean. */
export function planSection(
  ...plans: readonly (RasterPlan & { readonly caption?: string })[]
): Html {
  const pale = plans.some(({ blocks }) => blocks.some(({ int8 }) => int8));
  const affine = plans.some(({ affineFrom }) => affineFrom?.length);
  return html`<p>
      A mark is a block that is computed. Where there is none, the output that the block had at its
      last mark is used again. ${pale ? 'Pale marks are computed in int8.' : ''}
      ${
        affine
          ? 'Where a plan has affine maps, no block is used between marks: one matrix product leads from each evaluation of the network to the next, and where it begins without an evaluation, from the noise and the observation to the first.'
          : ''
      }
    </p>
    ${legend([
      ...BLOCK_KINDS.map((kind) => [kindLabel(kind), `12px solid ${KIND_COLOURS[kind]}`] as const),
      ...(affine ? [['affine map', `12px solid ${COLOURS.purple}`] as const] : []),
    ])}
    <div class="charts">
      ${plans.map(
        (plan) =>
          html`<figure>
            ${new Html(updateRaster(plan))}
            ${plan.caption === undefined ? [] : [html`<figcaption>${plan.caption}</figcaption>`]}
          </figure>`,
      )}
    </div>`;
}
