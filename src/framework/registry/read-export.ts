/** A file of the register, whatever its form: XML, zip of XML, zip of CSV. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, SourceError } from '../../errors.ts';
import { isZip, openZip, type ZipArchive } from '../../platform/read-zip.ts';
import { isDay } from './fields.ts';
import type { ExportItem } from './model/export.ts';
import type { IsoDate } from './model.ts';
import { isCsvExport, readCsvExport } from './read-csv-export.ts';
import { readXmlExport } from './read-xml-export.ts';

export interface RegisterExport {
  /** `XML 4.1` once the version was read, `XML`, `CSV`. */
  format(): string;
  /** As the name of the file, or of what is in it, says; null when none does. */
  readonly namedDate: IsoDate | null;
  /** Can be read again. @throws SourceError when the file is not a whole export */
  items(): AsyncIterable<ExportItem>;
  close(): void;
}

/** @throws AppError `not-found` for a file that cannot be opened; SourceError for what is no export */
export async function openExport(path: string): Promise<RegisterExport> {
  const head = await headOf(path);
  if (!isZip(head)) return xmlExport([() => createReadStream(path)], [path], () => {});
  const archive = await openZip(path);
  try {
    return archiveExport(archive, path);
  } catch (error) {
    archive.close();
    throw error;
  }
}

function archiveExport({ entries, close }: ZipArchive, path: string): RegisterExport {
  const names = [path, ...entries.map(({ name }) => name)];
  if (isCsvExport(entries)) {
    return { format: () => 'CSV', namedDate: dateInNames(names), items: () => readCsvExport(entries), close };
  }
  const documents = entries.filter(({ name }) => /\.xml$/i.test(name));
  if (documents.length > 0) {
    return xmlExport(
      documents.map((entry) => () => entry.bytes()),
      names,
      close,
    );
  }
  throw new SourceError('changed', 'L’archive ne contient ni fichier XML ni fichiers CSV du registre.');
}

function xmlExport(
  documents: readonly (() => AsyncIterable<Uint8Array>)[],
  names: readonly string[],
  close: () => void,
): RegisterExport {
  let version = '';
  return {
    format: () => `XML ${version}`.trim(),
    namedDate: dateInNames(names),
    async *items() {
      for (const bytes of documents) {
        yield* readXmlExport(bytes(), (read) => {
          version = read;
        });
      }
    },
    close,
  };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw new AppError('not-found', 'FILE_UNREADABLE', `Le fichier ${path} est introuvable ou illisible.`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw new AppError('invalid', 'FILE_UNREADABLE', `${path} n’est pas un fichier.`, { cause });
  } finally {
    await file.close();
  }
}

/** `export-fiches-rncp-v4-1-2026-08-16.zip`, `export_fiches_CSV_Rome_2024_02_22.csv`. */
function dateInNames(names: readonly string[]): IsoDate | null {
  for (const name of names) {
    const found = /(?<!\d)(20\d{2})[-_]?(\d{2})[-_]?(\d{2})(?!\d)/.exec(basename(name));
    const date = found === null ? '' : `${found[1]}-${found[2]}-${found[3]}`;
    if (isDay(date)) return date;
  }
  return null;
}
