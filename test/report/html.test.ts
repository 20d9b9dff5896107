import assert from 'node:assert/strict';
import { Html, html } from '../../src/report/html.js';

describe('html', () => {
  it('escapes text, but not HTML', () => {
    const item = html`<li title="${'"a"'}">${'<b> & c'}</li>`;
    assert.equal(item.text, '<li title="&quot;a&quot;">&lt;b&gt; &amp; c</li>');
    const list = html`${[item, new Html('<hr>')]}${3}`;
    assert.equal(list.text, `${item.text}\n<hr>3`);
  });
});
