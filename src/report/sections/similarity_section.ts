import { HEAT_GRADIENT, heatMap } from '../charts/heat_map.js';
import { BLOCK_KINDS } from '../../caching/blocks.js';
import type { ReportFacts } from '../facts/report_facts.js';
import { type Html, html } from '../html.js';
import { jsonNote } from './json_note.js';
import { kindLabel } from '../update_raster.js';

/** How alike every block's features are over the denoising steps: small pictures on one scale. */
export async function similaritySection({ similarity }: ReportFacts): Promise<Html> {
  const low = similarity.reduce(
    (least, { cosine }) => cosine.reduce((l, row) => Math.min(l, ...row), least),
    1,
  );
  const maps = await Promise.all(
    similarity.map(async ({ layer, kind, cosine }) => ({
      layer,
      kind,
      url: await heatMap(cosine, { low, high: 1 }),
    })),
  );
  return html`<p>
      Cosine similarity of a block's output at every pair of denoising steps, on calibration data:
      the noisiest step is left and on top. Bright squares along the diagonal are stretches over
      which the output hardly changes, so that it can be reused. ${jsonNote('similarity')}
    </p>
    <div class="scale" style="background: ${HEAT_GRADIENT}"></div>
    <div class="ends quiet"><span>${low.toFixed(2)}</span><span>1.00</span></div>
    ${BLOCK_KINDS.map(
      (kind) =>
        html`<h3>${kindLabel(kind)}</h3>
          <div class="maps">
            ${maps
              .filter((map) => map.kind === kind)
              .map(
                ({ layer, url }) =>
                  html`<figure>
                    <img src="${url}" alt="similarity of ${kindLabel(kind)} in layer ${layer}" />
                    <figcaption>layer ${layer}</figcaption>
                  </figure>`,
              )}
          </div>`,
    )}`;
}
