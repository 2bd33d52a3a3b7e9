import { z } from 'zod';
import { defineConnector, type SourceContext, type SourceItem } from '../../src/harvest/connector.ts';
import { readJsonRecords } from '../../src/platform/read-json.ts';
import { charsetOfContentType, peekByte } from '../../src/platform/read-text.ts';
import { childrenOf, readXmlRecords, type XmlElement } from '../../src/platform/read-xml.ts';
import { corrects, normalise } from './normalise.ts';
import { numberOf } from './offer.ts';
import { type LheoRecord, recordSchema } from './record.ts';

const configSchema = z.strictObject({
  /** Of the XML file, of the answer of the Carif-Oref web service, or of the LaBonneFormation document. */
  url: z.url({ protocol: /^https?$/, error: 'une adresse http(s) complète est attendue' }),
});
type Config = z.infer<typeof configSchema>;

const curlyBracket = 0x7b;

export default defineConnector({
  id: 'lheo',
  title: 'LHÉO (XML 2.0 à 2.3, lheo-index, LaBonneFormation)',
  version: 2,
  // One document, read from its start: there is nowhere to resume from.
  resumable: false,
  configSchema,
  exampleConfig: { url: 'https://carif.example/offres/lheo.xml' },
  recordSchema,
  cursorSchema: z.never(),
  read,
  corrects,
  normalise,
});

async function* read(config: Config, context: SourceContext<never>): AsyncGenerator<SourceItem<never>> {
  const headers = { accept: 'application/xml, text/xml, application/json;q=0.9' };
  const download = await context.http.open(config.url, { headers, ...context.validators });
  if (download.status === 'not-modified') {
    yield { kind: 'unchanged' };
    return;
  }
  const { first, bytes } = await peekByte(download.bytes);
  const charset = charsetOfContentType(download.contentType);
  const records = first === curlyBracket ? recordsOfJson(bytes) : recordsOfXml(bytes, charset);
  for await (const { remoteId, raw } of records) {
    context.signal.throwIfAborted();
    yield { kind: 'record', remoteId, raw };
  }
  context.signal.throwIfAborted();
  yield { kind: 'end', covers: 'full', deletions: 'by-absence', validators: download.validators };
}

interface Found {
  readonly remoteId: string;
  readonly raw: LheoRecord | { readonly shape: 'labonneformation'; readonly document: unknown };
}

/** `formation` of a `lheo` (also inside `lheo-plus`), `resume-offre` of a `lheo-index`, in any namespace or none. */
async function* recordsOfXml(bytes: AsyncIterable<Uint8Array>, charset: string | undefined): AsyncGenerator<Found> {
  const options = { roots: ['lheo', 'lheo-plus', 'lheo-index'], record: ['formation', 'resume-offre'], charset };
  let position = 0;
  for await (const element of readXmlRecords(bytes, options)) {
    position += 1;
    // An element without number is rejected under its place in the file: its number is what a course is known by.
    const number = numberOf(element) || `?${position}`;
    if (element.name === 'resume-offre') yield { remoteId: number, raw: { offer: element, shape: 'summary' } };
    else yield* actionsOf(element, number);
  }
}

/** The fields of a raw record stand in the order of canonical JSON, as those of its elements do. */
function* actionsOf(formation: XmlElement, number: string): Generator<Found> {
  const actions = childrenOf(formation, 'action');
  const alone: XmlElement = {
    ...formation,
    children: (formation.children ?? []).filter(({ name }) => name !== 'action'),
  };
  if (actions.length === 0) yield { remoteId: `${number}/?`, raw: { action: null, formation: alone, shape: 'action' } };
  for (const [at, action] of actions.entries()) {
    const remoteId = `${number}/${numberOf(action) || `?${at + 1}`}`;
    yield { remoteId, raw: { action, formation: alone, shape: 'action' } };
  }
}

/** LaBonneFormation: the whole document is one course. */
async function* recordsOfJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Found> {
  for await (const { value } of readJsonRecords(bytes, { paths: ['$'] })) {
    const id = idIn(value);
    yield { remoteId: id === '' ? '?1' : id, raw: { shape: 'labonneformation', document: value } };
  }
}

function idIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const id = ('id' in value && value.id) || ('uid' in value && value.uid);
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}
