/**
 * Streamed XML: each record's small tree is built in the very pass of the tokenizer, and leaves before the next one is
 * read, so memory does not grow with the document. Names are local: partners use one namespace, another, or none.
 */
import sax from 'sax';
import { SourceError } from '../errors.ts';
import { announcedBy, charsetOfMark, decodeText, type FoundCharset, unannounced } from './read-text.ts';

/** What an element has none of is absent: raw records are hashed and stored, and most elements are a name and a text. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** By local name; without prototype, so that any name is harmless. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** In the order of the document. */
  readonly children?: readonly XmlElement[] | undefined;
  /** Its own character data and CDATA, without the white space around. */
  readonly text?: string | undefined;
}

export interface XmlOptions {
  /** Local names of the root elements that this format knows. */
  readonly roots: readonly string[];
  /** Local names of the elements that are records; one inside another is a part of it. */
  readonly record: readonly string[];
  /** Characters of one record: names, attributes and text; 1,000,000 by default. */
  readonly maxRecordSize?: number;
  /** Levels of nesting of the whole document; 200 by default. */
  readonly maxDepth?: number;
  /** Charset of the HTTP answer; a byte order mark and the XML declaration come first. UTF-8 when nothing says. */
  readonly charset?: string | undefined;
}

/**
 * Reads the records of an XML document. It ends normally only after the root element was closed. A document type without
 * internal part is ignored and never fetched; one with an internal part (where entities are declared) is refused.
 * Named entities of HTML are decoded, because partners write `&nbsp;` and `&eacute;`.
 *
 * Stopping early closes `bytes`. Records that stand before a fault are given first.
 *
 * @throws SourceError `malformed` for what is not a whole XML document in its charset (`E_ENCODAGE`), or is nested too deep; `too-large`
 * for a record over the cap; `changed` for another root element.
 */
export async function* readXmlRecords(
  bytes: AsyncIterable<Uint8Array>,
  options: XmlOptions,
): AsyncGenerator<XmlElement, void, undefined> {
  const found: XmlElement[] = [];
  const document = openDocument(options, (record) => found.push(record));
  for await (const text of decodeText(bytes, (head) => charsetOf(head, options.charset))) {
    const failure = attempt(() => document.write(text));
    yield* found;
    found.length = 0;
    if (failure !== undefined) throw readable(failure);
  }
  const failure = attempt(() => document.close());
  yield* found;
  if (failure !== undefined) throw readable(failure);
}

/** Whether a value of unknown origin (a stored record) has the shape of an element, at every level. */
export function isXmlElement(value: unknown): value is XmlElement {
  if (typeof value !== 'object' || value === null) return false;
  const { name, text, attributes, children }: Partial<Record<keyof XmlElement, unknown>> = value;
  if (typeof name !== 'string' || (text !== undefined && typeof text !== 'string')) return false;
  if (attributes !== undefined && !isTexts(attributes)) return false;
  return children === undefined || (Array.isArray(children) && children.every(isXmlElement));
}

function isTexts(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

/** The first child of that name, at the end of that path of names. */
export function childAt(element: XmlElement, ...path: readonly string[]): XmlElement | undefined {
  let at: XmlElement | undefined = element;
  for (const name of path) at = firstOf(at?.children, name);
  return at;
}

function firstOf(elements: readonly XmlElement[] | undefined, name: string): XmlElement | undefined {
  if (elements !== undefined) for (const element of elements) if (element.name === name) return element;
  return undefined;
}

/** The children of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children?.filter((child) => child.name === name) ?? [];
}

/** The text at the end of that path of first children; '' when there is no such element. */
export function textAt(element: XmlElement, ...path: readonly string[]): string {
  return childAt(element, ...path)?.text ?? '';
}

/** Byte order mark, then declaration, then HTTP, then UTF-8. */
function charsetOf(head: Uint8Array, httpCharset: string | undefined): FoundCharset {
  const mark = charsetOfMark(head);
  if (mark !== undefined) return announcedBy('fichier', mark);
  // `<` in UTF-16 without a mark.
  if (head[0] === 0x3c && head[1] === 0) return unannounced('utf-16le');
  if (head[0] === 0 && head[1] === 0x3c) return unannounced('utf-16be');
  const start = Buffer.from(head.subarray(0, 1_024)).toString('latin1');
  const declared = /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']/.exec(start)?.[1]?.toLowerCase();
  // These words could be read byte by byte, so the text is not in UTF-16, whatever they say.
  const isUtf8 = declared?.startsWith('utf-16') === true || declared?.startsWith('ucs') === true;
  if (declared !== undefined) return announcedBy('fichier', declared, isUtf8 ? 'utf-8' : declared);
  return httpCharset === undefined ? unannounced('utf-8') : announcedBy('serveur', httpCharset);
}

interface OpenElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  children: XmlElement[] | undefined;
  /** So far. */
  text: string;
}

/** The fields in alphabetic order, the one of canonical JSON: a raw record is written without being sorted first. */
function closed({ attributes, children, name, text: untrimmed }: OpenElement): XmlElement {
  const text = untrimmed.trim();
  // The four commonest shapes as literals: an element is made for each tag of a catalogue.
  if (attributes === undefined) {
    if (children === undefined) return text === '' ? { name } : { name, text };
    return text === '' ? { children, name } : { children, name, text };
  }
  const element: { -readonly [Field in keyof XmlElement]?: XmlElement[Field] } = { attributes };
  if (children !== undefined) element.children = children;
  const named = Object.assign(element, { name });
  if (text !== '') named.text = text;
  return named;
}

function openDocument(options: XmlOptions, emit: (record: XmlElement) => void) {
  const maxRecordSize = options.maxRecordSize ?? 1_000_000;
  const maxDepth = options.maxDepth ?? 200;
  const records = new Set(options.record);
  const parser = sax.parser(true, { position: false });
  // The entities of the library inherit from Object.prototype: `&constructor;` would be one.
  const entities: Record<string, string> = Object.create(null);
  for (const name in parser.ENTITIES) entities[name] = parser.ENTITIES[name] ?? '';
  parser.ENTITIES = entities;

  /** The same few names come back in each record. */
  const localNames = new Map<string, string>();
  function localName(name: string): string {
    const known = localNames.get(name);
    if (known !== undefined) return known;
    const local = name.slice(name.indexOf(':') + 1);
    if (localNames.size < 1_000) localNames.set(name, local);
    return local;
  }

  let hasContent = false;
  let hasRoot = false;
  let depth = 0;
  let size = 0;
  /** The record being built, outermost first; empty between records. */
  const open: OpenElement[] = [];

  function grow(by: number): void {
    size += by;
    if (size > maxRecordSize) throw recordTooLarge(maxRecordSize);
  }

  function attributesOf(tag: { attributes: Record<string, string | sax.QualifiedAttribute> }) {
    let attributes: Record<string, string> | undefined;
    for (const name in tag.attributes) {
      const value = tag.attributes[name];
      if (name === 'xmlns' || name.startsWith('xmlns:') || typeof value !== 'string') continue;
      attributes ??= Object.create(null) as Record<string, string>;
      attributes[localName(name)] = value;
    }
    return attributes;
  }

  parser.onerror = (error) => {
    throw error;
  };
  parser.onsgmldeclaration = () => {
    throw entitiesRefused();
  };
  parser.ondoctype = (doctype) => {
    if (/^\s*html/i.test(doctype)) throw webPage();
    if (doctype.includes('[')) throw entitiesRefused();
  };
  // An endless tag would otherwise fill the memory before it is opened.
  parser.onattribute = ({ name, value }) => grow(name.length + value.length);

  parser.onopentag = (tag) => {
    const name = localName(tag.name);
    if (!hasRoot) {
      hasRoot = true;
      if (name.toLowerCase() === 'html') throw webPage();
      if (!options.roots.includes(name)) throw unknownRoot(name, options.roots);
    }
    // The library lets a second root element pass.
    else if (depth === 0) throw notXml();
    depth += 1;
    if (depth > maxDepth) {
      throw new SourceError('malformed', `Les données sont imbriquées sur plus de ${maxDepth} niveaux.`);
    }
    const parent = open.at(-1);
    if (parent === undefined && !records.has(name)) {
      size = 0;
      return;
    }
    grow(name.length);
    open.push({ name, attributes: attributesOf(tag), children: undefined, text: '' });
  };

  function addText(text: string): void {
    const element = open.at(-1);
    if (element === undefined) return;
    grow(text.length);
    element.text += text;
  }
  parser.ontext = addText;
  parser.oncdata = addText;

  parser.onclosetag = () => {
    depth -= 1;
    const ended = open.pop();
    if (ended === undefined) return;
    const element = closed(ended);
    const parent = open.at(-1);
    if (parent === undefined) {
      size = 0;
      emit(element);
      return;
    }
    parent.children ??= [];
    parent.children.push(element);
  };

  return {
    write(text: string): void {
      if (!hasContent) {
        const start = text.trimStart();
        if (start !== '' && !start.startsWith('<')) throw notXml();
        hasContent = start !== '';
      }
      parser.write(text);
    },
    close(): void {
      if (!hasContent) throw new SourceError('malformed', 'La source a répondu sans aucun contenu.');
      if (!hasRoot || depth > 0) throw cut();
      parser.close();
    },
  };
}

/** What `work` threw: records found before a fault are delivered before it is told. */
function attempt(work: () => void): unknown {
  try {
    work();
  } catch (failure) {
    return failure;
  }
  return undefined;
}

function readable(failure: unknown): unknown {
  return failure instanceof SourceError ? failure : notXml(failure);
}

function notXml(cause?: unknown): SourceError {
  const place = cause instanceof Error ? ` : ${frenchCause(cause)}` : '';
  return new SourceError('malformed', `La réponse n’est pas un document XML lisible${place}.`, { cause });
}

/** The faults that a partner can correct alone, in words; the others stay in `cause`. */
function frenchCause(error: Error): string {
  if (/entity/i.test(error.message)) return 'une entité (&…;) n’est pas connue';
  if (/clos(?:e|ing) tag/i.test(error.message)) return 'une balise fermante ne correspond à aucune balise ouverte';
  if (/buffer length/i.test(error.message)) return 'une balise ou un commentaire est trop long';
  return 'sa syntaxe est fausse';
}

function cut(): SourceError {
  return new SourceError('malformed', 'La réponse est coupée : le document XML n’est pas terminé.');
}

function webPage(): SourceError {
  return new SourceError('malformed', 'La source a répondu une page web (HTML) au lieu de données XML.');
}

function entitiesRefused(): SourceError {
  const message = 'Le document déclare des entités ou des règles (DTD interne) : pour la sécurité, il n’est pas lu.';
  return new SourceError('malformed', message);
}

function unknownRoot(name: string, roots: readonly string[]): SourceError {
  const expected = roots.map((root) => `<${root}>`).join(' ou ');
  return new SourceError('changed', `Le document commence par <${name.slice(0, 60)}>, ce format attend ${expected}.`);
}

function recordTooLarge(max: number): SourceError {
  const size = max >= 1_000_000 ? `${max / 1_000_000} Mo` : `${max} caractères`;
  return new SourceError('too-large', `Une fiche dépasse ${size} (réglage « taille maximale d’une fiche »).`);
}
