/** A clamd of this machine: answers INSTREAM, finds the word EICAR, and can be made to misbehave. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface FakeClamd {
  readonly address: string;
  /** What was scanned, whole. */
  readonly scanned: Buffer[];
  behaviour: 'judge' | 'silent' | 'hang-up' | 'limit' | 'nonsense';
  close(): Promise<void>;
}

export async function startFakeClamd(): Promise<FakeClamd> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (clamd.behaviour === 'hang-up') socket.destroy();
      const body = contentOf(received);
      if (body === null || clamd.behaviour === 'silent') return;
      clamd.scanned.push(body);
      const answers = {
        judge: body.includes('EICAR') ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK',
        limit: 'INSTREAM size limit exceeded. ERROR',
        nonsense: 'HTTP/1.1 400 stream: OK',
        'hang-up': '',
      };
      socket.end(`${answers[clamd.behaviour]}\0`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clamd: FakeClamd = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    scanned: [],
    behaviour: 'judge',
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return clamd;
}

/** The pieces put together once the empty one has come; null before. */
function contentOf(received: Buffer): Buffer | null {
  const command = Buffer.from('zINSTREAM\0');
  if (!received.subarray(0, command.length).equals(command)) return null;
  const pieces: Buffer[] = [];
  for (let at = command.length; at + 4 <= received.length; ) {
    const size = received.readUInt32BE(at);
    if (size === 0) return Buffer.concat(pieces);
    pieces.push(received.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return null;
}
