/** What the expressions in a configuration compute with (Python's None is null). */
export type ExpressionValue = number | boolean | string | null;

const TOKEN = /\s*(\d+(?:\.\d+)?|"[^"]*"|'[^']*'|[A-Za-z_]\w*|\/\/|[=!<>]=|[-+*%/()<>])/y;
/** Also bounds the depth of nested parentheses. */
const MAX_LENGTH = 300;

/**
 * Evaluates the small part of Python that configurations of diffusion_policy hand to their `eval` resolver,
 * such as `2-1+0` or `8 if True else 15 + 8`: numbers, strings, True/False/None, arithmetic, comparisons,
 * and/or/not and the conditional expression. Nothing can be called or looked up.
 * @returns undefined when the text is anything else
 */
export function evaluateExpression(text: string): ExpressionValue | undefined {
  const tokens = tokenize(text);
  if (!tokens) return undefined;
  try {
    return new ExpressionParser(tokens).parse();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function tokenize(text: string): string[] | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    tokens.push(match[1]!);
  }
  return tokens;
}

/** Recursive descent, one method per level of Python's operator precedence. */
class ExpressionParser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): ExpressionValue {
    const value = this.#conditional();
    if (this.#next < this.#tokens.length) throw new SyntaxError();
    return value;
  }

  #conditional(): ExpressionValue {
    const yes = this.#or();
    if (!this.#accept('if')) return yes;
    const condition = this.#or();
    if (!this.#accept('else')) throw new SyntaxError();
    const no = this.#conditional();
    return condition ? yes : no;
  }

  #or(): ExpressionValue {
    let left = this.#and();
    while (this.#accept('or')) {
      const right = this.#and();
      left = left || right;
    }
    return left;
  }

  #and(): ExpressionValue {
    let left = this.#not();
    while (this.#accept('and')) {
      const right = this.#not();
      left = left && right;
    }
    return left;
  }

  #not(): ExpressionValue {
    return this.#accept('not') ? !this.#not() : this.#comparison();
  }

  #comparison(): ExpressionValue {
    const left = this.#sum();
    if (this.#accept('==')) return left === this.#sum();
    if (this.#accept('!=')) return left !== this.#sum();
    if (this.#accept('<=')) return number(left) <= number(this.#sum());
    if (this.#accept('>=')) return number(left) >= number(this.#sum());
    if (this.#accept('<')) return number(left) < number(this.#sum());
    if (this.#accept('>')) return number(left) > number(this.#sum());
    return left;
  }

  #sum(): ExpressionValue {
    let left = this.#product();
    for (;;) {
      if (this.#accept('+')) left = number(left) + number(this.#product());
      else if (this.#accept('-')) left = number(left) - number(this.#product());
      else return left;
    }
  }

  #product(): ExpressionValue {
    let left = this.#unary();
    for (;;) {
      if (this.#accept('*')) left = number(left) * number(this.#unary());
      else if (this.#accept('//')) left = Math.floor(number(left) / divisor(this.#unary()));
      else if (this.#accept('/')) left = number(left) / divisor(this.#unary());
      else if (this.#accept('%')) left = modulo(number(left), divisor(this.#unary()));
      else return left;
    }
  }

  #unary(): ExpressionValue {
    if (this.#accept('-')) return -number(this.#unary());
    if (this.#accept('+')) return number(this.#unary());
    if (this.#accept('(')) {
      const value = this.#conditional();
      if (!this.#accept(')')) throw new SyntaxError();
      return value;
    }
    return this.#literal();
  }

  #literal(): ExpressionValue {
    const token = this.#tokens[this.#next++] ?? '';
    if (/^\d/.test(token)) return Number(token);
    if (/^["']/.test(token)) return token.slice(1, -1);
    if (token === 'True') return true;
    if (token === 'False') return false;
    if (token === 'None') return null;
    throw new SyntaxError();
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next++;
    return true;
  }
}

function number(value: ExpressionValue): number {
  if (typeof value !== 'number') throw new SyntaxError();
  return value;
}

function divisor(value: ExpressionValue): number {
  const by = number(value);
  if (by === 0) throw new SyntaxError();
  return by;
}

/** Python's remainder has the divisor's sign. */
function modulo(value: number, by: number): number {
  return value - by * Math.floor(value / by);
}
