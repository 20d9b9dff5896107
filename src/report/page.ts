import { Html, html } from './html.js';
import { PAGE_STYLE } from './page_style.js';

/** A whole HTML page that stands alone: no script, and nothing is fetched. */
export function page(title: string, body: readonly Html[]): string {
  const { text } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(PAGE_STYLE)}
        </style>
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
      </body>
    </html> `;
  return text;
}
