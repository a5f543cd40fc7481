import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { startPolicy } from '../../host/policy/policy.ts';
import { checkForm } from '../../host/policy/trust/module_form.ts';
import { digestOf, readPolicyFile } from '../../host/policy/trust/policy_file.ts';
import { signatureFileOf } from '../../host/policy/trust/signature.ts';
import { UsageError } from '../usage_error.ts';
import { KEYS_HELP } from './names.ts';
import { judged, requireFile } from './refused.ts';

const EXAMPLES = `Examples:
  moorage policy sign new.wasm --key KEY.pem
  moorage policy sign new.wasm --key KEY.pem --json
`;

const NOTES = `
Writes the detached signature to FILE.sig: base64 of the 64 bytes of Ed25519 over the bytes of FILE. What is no policy is not signed.

${KEYS_HELP}
Exit codes: 0 signed, 1 it is no policy, or others can write it, 2 usage, or a key that cannot be used.
`;

const SIGNATURE_MODE = 0o644;
const GROUP_OR_OTHERS = 0o077;

/** `moorage policy sign`: vouches for a policy. */
export function signCommand(): Command {
  return new Command('sign')
    .summary('sign a policy with a private key')
    .description('Checks that a file is a policy, and signs it.')
    .argument('<file>', 'the policy')
    .requiredOption('--key <file>', 'the private key')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action((file: string, { key, json }: { key: string; json?: boolean }) => {
      requireFile(file);
      const bytes = judged(() => readChecked(file));
      const privateKey = readPrivateKey(key);
      const signature = signatureFileOf(file);
      writeWhole(signature, `${sign(null, bytes, privateKey).toString('base64')}\n`);
      const done = { file, digest: digestOf(bytes), signature, publicKey: publicKeyOf(privateKey) };
      process.stdout.write(
        json ? `${JSON.stringify(done)}\n` : `${file}: signed, ${signature} (digest ${done.digest})\n`,
      );
    });
}

function readChecked(file: string): Uint8Array {
  const bytes = readPolicyFile(file);
  checkForm(bytes, file);
  startPolicy(bytes, file);
  return bytes;
}

function readPrivateKey(path: string): KeyObject {
  let key: KeyObject;
  try {
    if ((statSync(path).mode & GROUP_OR_OTHERS) !== 0)
      throw new Error(`others can read it; run: chmod 600 ${path}`);
    key = createPrivateKey({ key: readFileSync(path), format: 'pem' });
  } catch (error) {
    throw new UsageError(`key ${path}: cannot be used (${(error as Error).message})\n\n${KEYS_HELP}`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new UsageError(
    `key ${path}: is of type ${key.asymmetricKeyType}, only ed25519 signs\n\n${KEYS_HELP}`,
  );
}

function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
}

/** The file is there as a whole or not at all, also after a crash. */
function writeWhole(path: string, text: string): void {
  const aside = `${path}.${process.pid}.new`;
  try {
    const fd = openSync(aside, 'wx', SIGNATURE_MODE);
    try {
      writeSync(fd, text);
      fchmodSync(fd, SIGNATURE_MODE);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(aside, path);
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new UsageError(
      `signature ${path}: cannot be written (${(error as Error).message}); look at the permissions of its directory`,
    );
  }
}
