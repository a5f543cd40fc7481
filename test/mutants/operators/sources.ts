import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { type Guard, guardSource, type Mutant } from './schemata.ts';

/** Where decisions are made, and what they say in words; what frames look like in memory has tests of its own kind. */
export const FOLDERS = ['decide', 'requests', 'state', 'events', 'effects', 'text.ts'];

/** The policy's sources with all faults in them, switched off. */
export interface Guarded {
  mutants: Mutant[];
  /** The changed text of each changed source, by absolute path. */
  texts: Map<string, string>;
}

/** Reads and type-checks assembly/ (types tell a sum from joined texts) and writes the faults into the sources of these folders. */
export function guardSources(root: string, folders: readonly string[], guard: Guard): Guarded {
  const program = readProgram(join(root, 'assembly'));
  const checker = program.getTypeChecker();
  const mutants: Mutant[] = [];
  const texts = new Map<string, string>();
  const files = program.getRootFileNames().filter((file) => !file.endsWith('.d.ts'));
  for (const path of [...files].sort()) {
    const folder = relative(join(root, 'assembly'), path).split(sep)[0] as string;
    const source = program.getSourceFile(path);
    if (!source || !folders.includes(folder)) continue;
    texts.set(path, guardSource(source, relative(root, path), checker, guard, mutants));
  }
  return { mutants, texts };
}

function readProgram(folder: string): ts.Program {
  const file = join(folder, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  if (error) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(error.messageText, '\n')}`);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  return ts.createProgram(fileNames, options);
}
