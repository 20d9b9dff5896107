import assert from 'node:assert/strict';
import { evaluateExpression } from '../../src/importers/config_expression.js';

describe('config expression', () => {
  it('evaluates what configurations of diffusion_policy hold', () => {
    assert.equal(evaluateExpression('2-1+0'), 1);
    assert.equal(evaluateExpression('8 if True else 15 + 8'), 8);
    assert.equal(evaluateExpression('8 if False else 15 + 8'), 23);
    assert.equal(evaluateExpression('15 if True else 0'), 15);
    assert.equal(evaluateExpression(' 20*2 if True else None'), 40);
    assert.equal(evaluateExpression('500 if "ph" == "mh" else 400'), 400);
    assert.equal(evaluateExpression('3 if False or True else 4'), 3);
  });

  it("has Python's precedence and arithmetic", () => {
    assert.equal(evaluateExpression('1+2*3-4'), 3);
    assert.equal(evaluateExpression('(1+2)*3'), 9);
    assert.equal(evaluateExpression('-7//2'), -4);
    assert.equal(evaluateExpression('-7%3'), 2);
    assert.equal(evaluateExpression('7/2'), 3.5);
    assert.equal(evaluateExpression('not 1 == 2 and 3 >= 3'), true);
    assert.equal(evaluateExpression('0 or 5'), 5);
    assert.equal(evaluateExpression('1 if 0 else 2 if 0 else 3'), 3);
  });

  it('knows nothing else', () => {
    for (const text of [
      '',
      '1+',
      '(1',
      '1)',
      'x',
      'print(1)',
      '__import__("os")',
      '1/0',
      '1//0',
      '"a"+"b"',
      '1;2',
      '2**9',
      '[1]',
      '('.repeat(5000),
      '-'.repeat(250),
    ]) {
      assert.equal(evaluateExpression(text), undefined, text.slice(0, 20));
    }
  });
});
