/** A stored file as an answer: saved by the browser, never shown inside the site, never guessed to be something else. */
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import type { OpenedFile } from '../files.ts';

/** Resolves when the browser has it, or has gone. */
export async function sendAttachment(response: Response, { file, bytes }: OpenedFile): Promise<void> {
  response.set({
    'Content-Type': file.type,
    'Content-Length': String(file.bytes),
    'Content-Disposition': contentDisposition(file.name),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': 'private, no-store, no-transform',
    'Cross-Origin-Resource-Policy': 'same-origin',
  });
  try {
    await pipeline(bytes, response);
  } catch (error) {
    // Nothing can be answered any more to whoever left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  }
}

/** RFC 6266: a name in ASCII for old programs, and the real one. */
export function contentDisposition(name: string): string {
  const ascii = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9 ._-]/g, '_');
  const encoded = encodeURIComponent(name.replace(/\p{Cs}/gu, '')).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
