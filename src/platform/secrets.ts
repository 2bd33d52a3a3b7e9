/**
 * Secrets at rest: one key of 32 bytes seals every secret the database keeps. A sealed text names its version and its key,
 * so that texts of an older key stay readable until they are sealed again. No error message holds a value or a key.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

export interface Secrets {
  /** Of the current key; says nothing of the key itself. */
  readonly keyId: string;
  /** `v1.<key id>.<base64url>`; twice the same text gives two different results. */
  seal(text: string): string;
  /** @throws AppError `unavailable` for a text that was altered, or sealed with a key that is not here */
  open(sealed: string): string;
  /** The same secret under the current key; unchanged when it already is. @throws as `open` */
  reseal(sealed: string): string;
  /** `v1.<key id>.<HMAC-SHA256>` of a text; what is signed for one purpose is not valid for another. */
  sign(purpose: string, text: string): string;
  /** False for an altered text or signature, and for a key that is not here. */
  isSigned(purpose: string, text: string, signature: string): boolean;
  /** Hexadecimal keys of 32 bytes for a library that signs by itself: the current one first, then the older ones. */
  derived(purpose: string): readonly string[];
}

const version = 'v1';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

interface Key {
  readonly id: string;
  derive(purpose: string): Buffer;
}

/** @param olderKeys read only; nothing new is sealed or signed with them */
export function makeSecrets(key: Buffer, olderKeys: readonly Buffer[] = []): Secrets {
  const current = keyOf(key);
  const known = new Map([...olderKeys.map(keyOf), current].map((candidate) => [candidate.id, candidate]));

  function seal(text: string): string {
    const head = `${version}.${current.id}`;
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', current.derive('seal'), iv).setAAD(Buffer.from(head));
    const body = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${head}.${body.toString('base64url')}`;
  }

  function open(sealed: string): string {
    const [head, id, body] = partsOf(sealed);
    const opening = known.get(id);
    if (opening === undefined) {
      const message = 'Un secret est chiffré avec une clé qui n’est plus ici. Donnez-la dans OLD_SECRET_KEYS.';
      throw new AppError('unavailable', 'SECRET_KEY_UNKNOWN', message, { details: { keyId: id } });
    }
    const bytes = Buffer.from(body, 'base64url');
    // Two base64url spellings can decode to the same bytes: only ours is accepted.
    if (bytes.length < ivBytes + tagBytes || bytes.toString('base64url') !== body) throw altered();
    const decipher = createDecipheriv('aes-256-gcm', opening.derive('seal'), bytes.subarray(0, ivBytes))
      .setAAD(Buffer.from(head))
      .setAuthTag(bytes.subarray(-tagBytes));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]);
      return text.toString('utf8');
    } catch (cause) {
      throw altered(cause);
    }
  }

  const mac = (signer: Key, purpose: string, text: string) =>
    createHmac('sha256', signer.derive(`sign:${purpose}`))
      .update(text)
      .digest('base64url');

  return {
    keyId: current.id,
    seal,
    open,
    reseal(sealed) {
      const text = open(sealed);
      return partsOf(sealed)[1] === current.id ? sealed : seal(text);
    },
    sign: (purpose, text) => `${version}.${current.id}.${mac(current, purpose, text)}`,
    isSigned(purpose, text, signature) {
      const [, id, given] = signature.split('.');
      const signer = known.get(id ?? '');
      if (signer === undefined || given === undefined) return false;
      const expected = Buffer.from(`${version}.${signer.id}.${mac(signer, purpose, text)}`);
      const actual = Buffer.from(signature);
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    },
    derived(purpose) {
      const older = [...known.values()].filter(({ id }) => id !== current.id);
      return [current, ...older].map((each) => each.derive(`derived:${purpose}`).toString('hex'));
    },
  };
}

function keyOf(bytes: Buffer): Key {
  if (bytes.length !== keyBytes) throw new RangeError(`a secret key has ${keyBytes} bytes, not ${bytes.length}`);
  const cache = new Map<string, Buffer>();
  const derive = (purpose: string) => {
    const derived = cache.get(purpose) ?? Buffer.from(hkdfSync('sha256', bytes, '', purpose, keyBytes));
    cache.set(purpose, derived);
    return derived;
  };
  return { id: createHash('sha256').update(derive('id')).digest('hex').slice(0, 12), derive };
}

function partsOf(sealed: string): readonly [head: string, keyId: string, body: string] {
  const [found, id, body, ...more] = sealed.split('.');
  if (found !== version || id === undefined || body === undefined || more.length > 0) throw altered();
  return [`${found}.${id}`, id, body];
}

function altered(cause?: unknown): AppError {
  return new AppError('unavailable', 'SECRET_ALTERED', 'Un secret enregistré a été altéré : il ne peut pas être lu.', {
    cause,
  });
}

/** A random key has about 30 different bytes of 32; one with fewer than this was typed, or is an example. */
const fewestDistinctBytes = 16;

/**
 * A key as an operator writes it: 64 hexadecimal digits, or 32 bytes in base64 or base64url.
 * @param setting its name, for the message: the value is never shown
 * @throws AppError `invalid`
 */
export function parseKey(text: string, setting = 'SECRET_KEY'): Buffer {
  const typed = text.trim();
  const bytes = /^[0-9a-f]{64}$/i.test(typed)
    ? Buffer.from(typed, 'hex')
    : /^[A-Za-z0-9+/_-]{43}=?$/.test(typed)
      ? Buffer.from(typed, 'base64')
      : Buffer.alloc(0);
  if (bytes.length !== keyBytes || new Set(bytes).size < fewestDistinctBytes) {
    const message = `${setting} n’est pas une clé : il faut 32 octets tirés au hasard, par exemple ceux de « openssl rand -hex 32 ».`;
    throw new AppError('invalid', 'SECRET_KEY_INVALID', message);
  }
  return bytes;
}

/**
 * The key of the installation: the configured one, else the one of the data directory, made at the first start (mode 0600).
 * In production it must be configured: a key beside the data that it protects protects nothing.
 * @throws AppError `invalid` without a key in production, for one that is not a key, and for a key file others can read
 */
export function readOrMakeKey(options: {
  readonly dataDir: string;
  readonly configured: string | null;
  readonly production: boolean;
}): Buffer {
  if (options.configured !== null) return parseKey(options.configured);
  const path = join(options.dataDir, 'secret.key');
  if (options.production) {
    const message =
      'SECRET_KEY manque. En production la clé des secrets se donne par ce réglage : « openssl rand -hex 32 », ou le contenu du fichier secret.key du dossier de données s’il existe.';
    throw new AppError('invalid', 'SECRET_KEY_MISSING', message);
  }
  return readKeyFile(path) ?? makeKeyFile(options.dataDir, path);
}

function readKeyFile(path: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
  // Windows has no such modes.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    const message = 'Le fichier secret.key du dossier de données est lisible par d’autres : « chmod 600 » le corrige.';
    throw new AppError('invalid', 'SECRET_KEY_EXPOSED', message);
  }
  return parseKey(text, 'Le fichier secret.key du dossier de données');
}

/** Two processes may start at once: the file appears whole or not at all, and the second takes the key of the first. */
function makeKeyFile(dataDir: string, path: string): Buffer {
  mkdirSync(dataDir, { recursive: true });
  const key = randomBytes(keyBytes);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${key.toString('hex')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
    return key;
  } catch (error) {
    const made = isSystemError(error, 'EEXIST') ? readKeyFile(path) : null;
    if (made === null) throw error;
    return made;
  } finally {
    rmSync(draft);
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
