import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { SCHEMA } from '../../host/frames/schema.ts';
import { requireWebAssembly } from '../../host/policy/engine.ts';
import { memoryLimitOf } from '../../host/policy/memory_limit.ts';
import { startPolicy } from '../../host/policy/policy.ts';
import { PolicyError } from '../../host/policy/policy_error.ts';
import { checkForm } from '../../host/policy/trust/module_form.ts';
import { digestOf } from '../../host/policy/trust/policy_file.ts';
import { readSignature, signerOf } from '../../host/policy/trust/signature.ts';
import { CheckError, UsageError } from '../usage_error.ts';
import { KEYS_HELP, several, size } from './names.ts';

const EXAMPLES = `Examples:
  moorage policy inspect build/policy.wasm
  moorage policy inspect new.wasm --key /etc/moorage/ops.pem --json
`;

const NOTES = `
${KEYS_HELP}
Exit codes: 0 it is a policy that this version runs, 1 it is none, 2 not readable.
`;

/** What a policy file is, without trusting it. */
interface Inspected {
  file: string;
  digest: string;
  bytes: number;
  name?: string;
  version?: string;
  abi?: number;
  schema?: number;
  /** Bytes; null when it has no maximum. */
  memoryLimit?: number | null;
  imports?: string[];
  exports?: string[];
  signature: string;
  /** Why it cannot be run; absent when it can. */
  problem?: string;
}

/** `moorage policy inspect`: says what a file is. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .summary('what a policy file is: name, version, digest, limits, who signed it')
    .description('Says what a policy file is. Nothing is believed and nothing is asked of an isolator.')
    .argument('<file>', 'the policy')
    .option('--key <file>', 'a public key that may have signed it; may be given again', several)
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action((file: string, { key = [], json }: { key?: string[]; json?: boolean }) => {
      const inspected = inspect(file, key);
      process.stdout.write(json ? `${JSON.stringify(inspected)}\n` : asText(inspected));
      if (inspected.problem !== undefined) throw new CheckError(inspected.problem);
    });
}

function inspect(file: string, keys: string[]): Inspected {
  requireWebAssembly();
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new UsageError(`policy ${file}: cannot be read (${(error as Error).message}); look at the path`);
  }
  const found: Inspected = {
    file,
    digest: digestOf(bytes),
    bytes: bytes.length,
    signature: signatureOf(file, bytes, keys),
  };
  try {
    checkForm(bytes, file);
    Object.assign(found, outsideOf(bytes));
    const { name, version, abi } = startPolicy(bytes, file);
    // A policy of another schema does not start.
    Object.assign(found, { name, version, abi, schema: SCHEMA });
  } catch (error) {
    found.problem = (error as Error).message;
  }
  return found;
}

function outsideOf(bytes: Uint8Array): Partial<Inspected> {
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  return {
    memoryLimit: memoryLimitOf(bytes) ?? null,
    imports: WebAssembly.Module.imports(module).map((entry) => `${entry.module}.${entry.name}`),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
  };
}

function signatureOf(file: string, bytes: Uint8Array, keys: string[]): string {
  try {
    const signature = readSignature(file);
    if (!signature) return 'none';
    if (keys.length === 0) return 'there is one; name a public key with --key to see whose';
    const by = signerOf(bytes, signature, keys);
    return by === undefined ? 'by none of the keys named, or for other bytes' : `by ${by}`;
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

function asText(found: Inspected): string {
  const { name, version, abi, schema, digest, bytes, memoryLimit, imports, exports, signature } = found;
  const rows: [string, string | undefined][] = [
    ['policy', name && `${name} ${version}`],
    ['digest', digest],
    ['size', size(bytes)],
    ['abi', abi?.toString()],
    ['schema', schema?.toString()],
    ['memory', memoryLimit === null ? 'without a maximum' : memoryOf(memoryLimit)],
    ['imports', imports && (imports.join(', ') || 'none')],
    ['exports', exports?.filter((name) => !name.startsWith('__')).join(', ')],
    ['signature', signature],
  ];
  return rows
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key.padEnd(10)} ${value}\n`)
    .join('');
}

function memoryOf(limit: number | undefined): string | undefined {
  return limit === undefined ? undefined : `at most ${size(limit)}`;
}
