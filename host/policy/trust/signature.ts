import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { PolicyError } from '../policy_error.ts';
import { readGuarded } from './guarded_file.ts';

/** Ed25519 signatures (RFC 8032) have this many bytes. */
const SIGNATURE_BYTES = 64;
const SIGNATURE_FILE_MAX = 256;
const KEY_FILE_MAX = 16 * 1024;

/** Where the detached signature of `file` lies. */
export function signatureFileOf(file: string): string {
  return `${file}.sig`;
}

/** The signature beside `file`: base64 of its 64 bytes. Undefined when there is none. Throws {@link PolicyError}. */
export function readSignature(file: string): Buffer | undefined {
  const path = signatureFileOf(file);
  const text = readGuarded(path, { what: 'signature', maxBytes: SIGNATURE_FILE_MAX })?.toString('latin1');
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text.trim(), 'base64');
  // Decoding passes over what is no base64: only what encodes to the same text was whole.
  if (bytes.length !== SIGNATURE_BYTES || bytes.toString('base64') !== text.trim())
    throw new PolicyError(
      `signature ${path}: is damaged: it should be base64 of ${SIGNATURE_BYTES} bytes; make it again: moorage policy sign ${file} --key KEY.pem`,
    );
  return bytes;
}

/** The first of the key files whose key made the signature over `bytes`. Every one of them must be a good key. Throws {@link PolicyError}. */
export function signerOf(
  bytes: Uint8Array,
  signature: Uint8Array,
  keys: readonly string[],
): string | undefined {
  const read = keys.map((path) => ({ path, key: readPublicKey(path) }));
  return read.find(({ key }) => verify(null, bytes, key, signature))?.path;
}

/** An Ed25519 public key in a file that only root and this user can write: PEM, SPKI (RFC 8410). Throws {@link PolicyError}. */
export function readPublicKey(path: string): KeyObject {
  const pem = readGuarded(path, { what: 'key', maxBytes: KEY_FILE_MAX })?.toString('latin1');
  if (pem === undefined) throw new PolicyError(`key ${path}: is not there; look at the path`);
  if (pem.includes('PRIVATE KEY'))
    throw new PolicyError(
      `key ${path}: is a private key; only the public one belongs here: openssl pkey -in ${path} -pubout -out PUBLIC.pem`,
    );
  const key = parsePublicKey(pem, path);
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new PolicyError(
    `key ${path}: is of type ${key.asymmetricKeyType}, only ed25519 is taken; make one: openssl genpkey -algorithm ed25519 -out KEY.pem`,
  );
}

function parsePublicKey(pem: string, path: string): KeyObject {
  try {
    return createPublicKey({ key: pem, format: 'pem', type: 'spki' });
  } catch (error) {
    throw new PolicyError(
      `key ${path}: is no public key in PEM (${(error as Error).message}); make one: openssl pkey -in KEY.pem -pubout -out ${path}`,
    );
  }
}
