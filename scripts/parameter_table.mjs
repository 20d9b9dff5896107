// Writes the README's table of parameters from config/parameters.yaml: `node scripts/parameter_table.mjs` after
// `make build`. A test fails while the two differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';
import { declaredParameters } from '../dist/src/parameters/declared_parameters.js';
import { parameterTable } from '../dist/src/parameters/parameter_table.js';

const readme = new URL('../README.md', import.meta.url);
const text = readFileSync(readme, 'utf8');
const marked = /(<!-- parameters -->)[^]*(<!-- \/parameters -->)/;
if (!marked.test(text))
  throw new Error('README.md has no <!-- parameters --> ... <!-- /parameters -->');
const table = parameterTable(declaredParameters());
const unformatted = `<!-- prettier-ignore-start -->\n${table}\n<!-- prettier-ignore-end -->`;
writeFileSync(
  readme,
  text.replace(marked, (_, start, end) => `${start}\n\n${unformatted}\n\n${end}`),
);
