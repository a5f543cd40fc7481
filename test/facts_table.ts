/** `npm run facts`: asks the built policy what it does in every state, and writes the tables into ARCHITECTURE.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { between, markdownOf } from './facts/markdown.ts';
import { factsTables } from './facts/table.ts';

const FILE = 'ARCHITECTURE.md';
const before = readFileSync(FILE, 'utf8');
const after = between(before, markdownOf(factsTables()));
if (after !== before) writeFileSync(FILE, after);
process.stdout.write(
  `${FILE}: the tables of facts ${after === before ? 'are as they were' : 'have changed'}\n`,
);
