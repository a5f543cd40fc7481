/** docs/operations.md has a section for every alert that there is, and for no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const operations = suite('host: the operator’s document');

function sources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}

/** What is put out: the code stands after the level, as a text, as a choice of two, or under a name. */
const PUT_OUT = [
  /emitAlert\(\s*(?:'\w+'|[^,()]+),\s*([^,]+),/g,
  /\b(?:alert|announce|alarmOf)\(\s*'(?:info|warn|error)',\s*([^,]+),/g,
  /\bcode: ('(?:journal|snapshot)-[a-z-]+')/g,
];

function codes(): Set<string> {
  const text = sources('assembly') + sources('host');
  const names = new Map(
    [...text.matchAll(/const ([A-Z_]+)(?:: string)? = '([a-z-]+)'/g)].map(([, name, is]) => [name, is]),
  );
  const found = new Set<string>();
  for (const pattern of PUT_OUT)
    for (const [, what = ''] of text.matchAll(pattern)) {
      const literals = [...what.matchAll(/'([a-z-]+)'/g)].map(([, literal]) => literal as string);
      const named = names.get(what.trim());
      for (const code of named ? [named] : literals) found.add(code);
    }
  // The one alert of the native code: that of a host that cannot speak any more.
  const [, native] =
    /hostDown = "([a-z-]+)"/.exec(readFileSync('native/embed/call_frames.cpp', 'utf8')) ?? [];
  return found.add(native ?? '');
}

operations('every alert has a section that says what to do, and every section has its alert', () => {
  const found = codes();
  assert.ok(found.size > 20, 'the sources are searched for the right thing');
  for (const known of [
    'pinned',
    'pinned-outside',
    'policy-failed',
    'storage',
    'bad-frame',
    'admin-socket',
    'snapshot-bad',
    'host-down',
  ])
    assert.ok(found.has(known), known);
  const text = readFileSync('docs/operations.md', 'utf8').split('\n## Alerts\n')[1] as string;
  const sections = [...text.matchAll(/^### (\S+)\n\n(.+)/gm)];
  assert.equal(
    sections.map(([, code]) => code),
    [...found].sort(),
  );
  for (const [, code, first = ''] of sections) assert.ok(first.length > 60, `${code}: says nothing`);
});

operations('links lead somewhere', () => {
  const text = readFileSync('docs/operations.md', 'utf8');
  const heads = [...text.matchAll(/^#+ (.+)$/gm)].map(([, head]) =>
    (head as string).toLowerCase().replaceAll(' ', '-'),
  );
  for (const [, link] of text.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(heads.includes(link as string), link);
});

operations.run();
