/**
 * Signed texts: compact JWS (RFC 7515) with ES256, keys of our own with rotation, public keys as a JWKS that anybody may keep
 * to verify without us. A key is named by its RFC 7638 thumbprint, so that a key put under another's name shows. Private
 * keys are sealed at rest (secrets.ts). The key of a former time verifies for ever what was signed before it was retired.
 */
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose';
import type { Connection } from 'mongoose';
import { z } from 'zod';
import { isDuplicateKey } from './duplicate-key.ts';
import { ensureIndex } from './indexes.ts';
import type { Secrets } from './secrets.ts';

const algorithm = 'ES256';

const publicKeySchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().max(100),
  y: z.string().max(100),
  kid: z.string().min(1).max(200),
  alg: z.string().optional(),
  use: z.string().optional(),
  /** Ours: the instant after which nothing is signed with it; absent or null while it signs. */
  retiredAt: z.iso.datetime().nullish(),
});
export type PublicKey = z.output<typeof publicKeySchema>;

/** Keys of other kinds may stand beside ours: they are left out. */
export const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string().max(200) })).max(1_000) });
export interface Jwks {
  readonly keys: readonly PublicKey[];
}
/** As anybody may hand them in: only their names are known to be names. */
export interface KeysGiven {
  readonly keys: readonly { readonly kid: string }[];
}

export type SignatureFault =
  /** Not a compact JWS of ours. */
  | 'malformed'
  /** No key of this name among those given. */
  | 'unknown-key'
  /** The key given under this name is another one. */
  | 'wrong-key'
  /** The text or the signature was changed after the signing. */
  | 'altered';

export type SignatureReading =
  | {
      readonly ok: true;
      readonly kid: string;
      readonly text: string;
      /** When its key stopped signing; null while it signs. Whoever knows the date of the text compares. */
      readonly retiredAt: Date | null;
    }
  | { readonly ok: false; readonly fault: SignatureFault; readonly kid: string | null };

export interface Signer {
  ensureIndexes(): Promise<void>;
  /** @returns a compact JWS of the text, under the key in use; the first one is made when there is none */
  sign(text: string): Promise<string>;
  /** Every public key ever used, the newest first. */
  jwks(): Promise<Jwks>;
  /** Makes a new key; the former one signs nothing any more and goes on verifying. */
  rotate(): Promise<{ readonly kid: string; readonly retired: string | null }>;
  /** After a change of the key of the installation. @returns how many private keys changed */
  reseal(): Promise<number>;
}

interface KeyDocument {
  /** Thumbprint of the public key. */
  _id: string;
  publicKey: { kty: string; crv: string; x: string; y: string };
  /** Sealed JWK; null once retired: a key that signs no more is kept nowhere. */
  privateKey: string | null;
  createdAt: Date;
  retiredAt: Date | null;
  /** True on the one in use, absent on the others: a unique sparse index allows one. */
  current?: true;
}

type PrivateKey = Awaited<ReturnType<typeof importJWK>>;

export function makeSigner(
  connection: Connection,
  parts: { readonly secrets: Pick<Secrets, 'seal' | 'open' | 'reseal'>; readonly now: () => Date },
): Signer {
  const { secrets, now } = parts;
  const keys = connection.collection<KeyDocument>('signing_keys');
  const opened = new Map<string, PrivateKey>();

  /** Null when another process made one meanwhile. */
  async function make(): Promise<KeyDocument | null> {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const { kty = '', crv = '', x = '', y = '' } = await exportJWK(pair.publicKey);
    const publicKey = { kty, crv, x, y };
    const document: KeyDocument = {
      _id: await calculateJwkThumbprint(publicKey),
      publicKey,
      privateKey: secrets.seal(JSON.stringify(await exportJWK(pair.privateKey))),
      createdAt: now(),
      retiredAt: null,
      current: true,
    };
    try {
      await keys.insertOne(document);
      return document;
    } catch (error) {
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  async function inUse(): Promise<KeyDocument> {
    for (;;) {
      const found = (await keys.findOne({ current: true })) ?? (await make());
      if (found !== null) return found;
    }
  }

  async function privateKeyOf({ _id, privateKey }: KeyDocument): Promise<PrivateKey> {
    const known = opened.get(_id);
    if (known !== undefined) return known;
    if (privateKey === null) throw new Error(`the key ${_id} signs no more`);
    const key = await importJWK(JSON.parse(secrets.open(privateKey)) as JWK, algorithm);
    opened.set(_id, key);
    return key;
  }

  return {
    async ensureIndexes() {
      await ensureIndex(keys, { current: 1 }, { unique: true, sparse: true });
    },

    async sign(text) {
      const key = await inUse();
      return new CompactSign(new TextEncoder().encode(text))
        .setProtectedHeader({ alg: algorithm, kid: key._id })
        .sign(await privateKeyOf(key));
    },

    async jwks() {
      await inUse();
      const found = await keys.find({}).sort({ createdAt: -1, _id: 1 }).toArray();
      return {
        keys: found.map(({ _id, publicKey: { x, y }, retiredAt }) => ({
          kty: 'EC',
          crv: 'P-256',
          x,
          y,
          kid: _id,
          alg: algorithm,
          use: 'sig',
          ...(retiredAt === null ? {} : { retiredAt: retiredAt.toISOString() }),
        })),
      };
    },

    async rotate() {
      const former = await keys.findOne({ current: true });
      // Cut between the two, nothing is in use: the next signature makes a key.
      if (former !== null) {
        await keys.updateOne(
          { _id: former._id },
          { $set: { retiredAt: now(), privateKey: null }, $unset: { current: '' } },
        );
        opened.delete(former._id);
      }
      return { kid: (await inUse())._id, retired: former?._id ?? null };
    },

    async reseal() {
      let changed = 0;
      for (const { _id, privateKey } of await keys.find({}).toArray()) {
        const again = privateKey === null ? null : secrets.reseal(privateKey);
        if (again === privateKey) continue;
        await keys.updateOne({ _id, privateKey }, { $set: { privateKey: again } });
        changed += 1;
      }
      return changed;
    },
  };
}

/** Offline: needs nothing but the keys given. */
export async function readSigned(jws: string, jwks: KeysGiven): Promise<SignatureReading> {
  const kid = kidOf(jws);
  if (kid === null) return { ok: false, fault: 'malformed', kid };
  const named = jwks.keys.filter((key) => key.kid === kid);
  if (named.length === 0) return { ok: false, fault: 'unknown-key', kid };
  const key = publicKeySchema.safeParse(named[0]);
  if (!key.success || named.length > 1) return { ok: false, fault: 'wrong-key', kid };
  const { kty, crv, x, y, retiredAt } = key.data;
  const bare = { kty, crv, x, y };
  if ((await calculateJwkThumbprint(bare)) !== kid) return { ok: false, fault: 'wrong-key', kid };
  try {
    const { payload } = await compactVerify(jws, await importJWK(bare, algorithm), { algorithms: [algorithm] });
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    return { ok: true, kid, text, retiredAt: retiredAt ? new Date(retiredAt) : null };
  } catch {
    // The parts were readable: whatever jose found, it is not what was signed.
    return { ok: false, fault: 'altered', kid };
  }
}

function kidOf(jws: string): string | null {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws)) return null;
  try {
    const { alg, kid } = decodeProtectedHeader(jws);
    return alg === algorithm && typeof kid === 'string' && kid !== '' ? kid : null;
  } catch {
    return null;
  }
}
