/** A virus scanner: clamd, by its INSTREAM command. The file goes through as it arrives and is judged at its end. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AppError } from '../errors.ts';

export interface Scan {
  /** Gives the next bytes. @throws AppError as `end` */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Says whether the file may be kept.
   * @throws AppError `invalid` when something was found, `unavailable` when nobody could say
   */
  end(): Promise<void>;
  /** Gives up; harmless after `end`. */
  stop(): void;
}

export interface Scanner {
  /** @throws AppError `unavailable` when clamd cannot be reached */
  begin(): Promise<Scan>;
}

/** @param address `host:port` @param timeoutMs of silence, after which clamd is taken for dead */
export function makeClamdScanner(address: string, timeoutMs = 30_000): Scanner {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  return {
    async begin() {
      const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
      socket.setTimeout(timeoutMs, () => socket.destroy(new Error('clamd is silent')));
      let answer = '';
      let fault: unknown = null;
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => {
        // An answer is one line; more than that is not clamd.
        if (answer.length < 4_096) answer += text;
      });
      socket.on('error', (error) => {
        fault = error;
      });
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      const send = async (bytes: Uint8Array) => {
        if (socket.destroyed || !socket.writable) throw unavailable(fault);
        if (!socket.write(bytes)) await Promise.race([drained(socket), closed]);
      };
      try {
        await once(socket, 'connect');
      } catch (error) {
        throw unavailable(error);
      }
      await send(Buffer.from('zINSTREAM\0'));
      return {
        async write(bytes) {
          const size = Buffer.alloc(4);
          size.writeUInt32BE(bytes.length);
          // A piece without bytes would say that the file has ended.
          if (bytes.length > 0) await send(Buffer.concat([size, bytes]));
        },
        async end() {
          await send(Buffer.alloc(4));
          await closed;
          const said = answer.replace(/\0.*$/s, '').trim();
          if (/^stream: OK$/.test(said)) return;
          if (/^stream: .+ FOUND$/.test(said)) {
            const message = "L'antivirus a trouvé un virus dans ce fichier. Il n'a pas été gardé.";
            throw new AppError('invalid', 'FICHIER_INFECTE', message);
          }
          throw unavailable(fault ?? new Error(`clamd answered ${JSON.stringify(said.slice(0, 200))}`));
        },
        stop: () => socket.destroy(),
      };
    },
  };
}

async function drained(socket: Socket): Promise<void> {
  try {
    await once(socket, 'drain');
  } catch {
    // The error is kept by the socket's own listener, and said at the next write.
  }
}

function unavailable(cause: unknown): AppError {
  const message = "L'antivirus ne répond pas : le fichier n'a pas été gardé. Réessayez plus tard.";
  return new AppError('unavailable', 'ANTIVIRUS_ABSENT', message, { cause });
}
