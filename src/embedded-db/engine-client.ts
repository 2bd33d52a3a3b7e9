import { connect } from 'node:net';
import { type Doc, decode, encode } from './bson-codec.ts';
import type { Address } from './engine.ts';
import { MessageReader, requestBytes } from './wire.ts';

/**
 * Sends one command to an engine and gives its reply. For the engine's own errands (is it alive, check, statistics);
 * everything else goes through the mongodb driver. Rejects when nobody listens or no reply comes within `timeoutMs`.
 */
export function ask(address: Address, command: Doc, timeoutMs: number): Promise<Doc> {
  return new Promise((resolve, reject) => {
    const socket = connect('path' in address ? { path: address.path } : { port: address.port, host: '127.0.0.1' });
    const reader = new MessageReader();
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new NoReply('the embedded database accepted the connection but does not answer'));
    }, timeoutMs);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.on('connect', () => socket.write(requestBytes(encode(command))));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const { payload } of reader.push(chunk)) {
          clearTimeout(timer);
          resolve(decode(payload.subarray(5)));
          socket.destroy();
        }
      } catch (error) {
        fail(error as Error);
      }
    });
  });
}

/** Somebody listens there, but said nothing in time. */
export class NoReply extends Error {}
