/** The tokenizer of each format alone, with handlers that do nothing: what reading is measured against. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Tokenizer } from '@streamparser/json';
import { parse } from 'csv-parse';
import sax from 'sax';
import type { Format } from './catalogue-text.ts';

type Bytes = AsyncIterable<Uint8Array>;

const nothing = () => {};

async function xml(bytes: Bytes): Promise<boolean> {
  const parser = sax.parser(true, { position: false });
  let ended = false;
  parser.onopentag = nothing;
  parser.onclosetag = nothing;
  parser.onattribute = nothing;
  parser.ontext = nothing;
  parser.oncdata = nothing;
  parser.onerror = (error) => {
    throw error;
  };
  parser.onend = () => {
    ended = true;
  };
  const decoder = new TextDecoder();
  for await (const chunk of bytes) parser.write(decoder.decode(chunk, { stream: true }));
  parser.write(decoder.decode()).close();
  return ended;
}

async function json(bytes: Bytes): Promise<boolean> {
  const tokenizer = new Tokenizer();
  tokenizer.onToken = nothing;
  for await (const chunk of bytes) tokenizer.write(chunk);
  // Its own way to say that a document is whole: it throws in the middle of a token.
  if (!tokenizer.isEnded) tokenizer.end();
  return true;
}

async function csv(bytes: Bytes): Promise<boolean> {
  const parser = parse({ delimiter: ';' });
  parser.on('data', nothing);
  Readable.from(bytes).pipe(parser);
  await finished(parser);
  return true;
}

/** @returns whether the end of the document was reached. */
export const barePass: Readonly<Record<Format, (bytes: Bytes) => Promise<boolean>>> = { lheo: xml, moochub: json, csv };
