import assert from 'node:assert/strict';
import { BadInput, messageOf } from '../src/errors.js';

describe('errors', () => {
  it('say on one line where, what and what to do', () => {
    const error = new BadInput('is\n  broken', 'file', 'mend it');
    assert.equal(error.message, 'file: is broken; mend it');
    assert.deepEqual([error.what, error.where, error.todo], ['is\n  broken', 'file', 'mend it']);
    assert.equal(messageOf(new Error('a\r\n\tb')), 'a b');
    assert.equal(messageOf('plain'), 'plain');
    assert.equal(messageOf(undefined), 'undefined');
  });

  it('hold nothing that steers a terminal, and are not endless', () => {
    const hostile = `\u001b]0;title\u0007\u009b31m\u2028${'x'.repeat(1e6)}`;
    const text = messageOf(new Error(hostile));
    assert.ok(text.length < 3000);
    assert.match(text, /^ \]0;title 31m x+ \.\.\.$/);
  });

  it('keep other languages and spaces as they are', () => {
    assert.equal(messageOf(new Error('Zürich  東京 ✓')), 'Zürich  東京 ✓');
  });
});
