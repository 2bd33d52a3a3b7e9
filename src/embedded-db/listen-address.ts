import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Address } from './engine.ts';

/** Beyond about this length systems cut the path of a socket without an error (Linux: 108 bytes, macOS: 103). */
const LONGEST_SOCKET_PATH = 100;
const APPLICATION = 'ecole-numerique';

/**
 * Where the engine of a data directory listens: a socket in a directory that only this user can enter. The file name
 * ends in `.sock` because that is how drivers tell a socket from a host name. On Windows: a port of 127.0.0.1.
 */
export function listenAddress(
  dataDir: string,
  system: { platform: NodeJS.Platform; runtimeDir: string | undefined } = {
    platform: process.platform,
    // The one place of a user's runtime files that is not a setting of ours.
    runtimeDir: undefined,
  },
): Address {
  if (system.platform === 'win32') return { port: 0 };
  const real = realpathSync(dataDir);
  const near = join(real, 'socket', 'db.sock');
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_PATH) {
    privateDirectory(dirname(near));
    return { path: near };
  }
  const digest = createHash('sha256').update(real).digest('hex').slice(0, 16);
  const folder = join(system.runtimeDir ?? tmpdir(), `${APPLICATION}-${process.getuid?.() ?? 0}-${digest}`);
  privateDirectory(folder);
  const path = join(folder, 'db.sock');
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new Error(`The path ${path} is too long for a socket: use a shorter temporary directory (TMPDIR).`);
  }
  return { path };
}

/** Creates a directory for this user alone, or makes sure that the one that exists is that. */
export function privateDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
    // The mode of mkdir is reduced by the umask, which may take rights away but not add any.
    chmodSync(path, 0o700);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const found = lstatSync(path);
  const uid = process.getuid?.();
  const reason = !found.isDirectory()
    ? 'it is not a directory'
    : uid !== undefined && found.uid !== uid
      ? `it belongs to the user ${found.uid}`
      : (found.mode & 0o777) !== 0o700
        ? `its rights are ${(found.mode & 0o777).toString(8)}`
        : undefined;
  if (reason === undefined) return;
  throw new Error(
    `The embedded database cannot put its socket in ${path}: ${reason}. Remove it, or make it a directory of this user with the rights 700.`,
  );
}

/** The address for a driver. */
export function uriOf(address: Address, database: string): string {
  const host = 'path' in address ? encodeURIComponent(address.path) : `127.0.0.1:${address.port}`;
  return `mongodb://${host}/${encodeURIComponent(database)}`;
}

/** The address for people. */
export function addressText(address: Address): string {
  return 'path' in address ? address.path : `127.0.0.1:${address.port}`;
}
