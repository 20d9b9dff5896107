import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { METHODS } from '../../../src/caching/methods/methods.js';

const PAGE = readFileSync('docs/method.md', 'utf8');

describe('docs/method.md', () => {
  for (const { name, paper, decisions, options } of METHODS) {
    it(`has ${name} with its paper, its engine and its options`, () => {
      const row = PAGE.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      assert.ok(row, 'no row');
      const cells = row.split('|').map((cell) => cell.trim());
      if (paper) {
        assert.ok(PAGE.includes(`https://arxiv.org/abs/${paper.arxiv}`), `no ${paper.arxiv}`);
        assert.match(cells[2]!, new RegExp(`${paper.arxiv.replace('.', '\\.')}|same`));
      }
      assert.equal(cells[3], decisions === 'online' ? 'interpreter' : 'both');
      assert.deepEqual(cells[4]!.split(', ').filter(Boolean), Object.keys(options.shape));
    });
  }
});
