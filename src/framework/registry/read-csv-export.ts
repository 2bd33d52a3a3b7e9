/** The CSV export: a zip of ten files joined by the number of the record. Partners have no state in it. */
import { SourceError } from '../../errors.ts';
import { readCsvRows } from '../../platform/read-csv.ts';
import type { ZipEntry } from '../../platform/read-zip.ts';
import { parseCertificationCode } from '../model/certification.ts';
import {
  FieldRefused,
  plain,
  readActive,
  readCertifier,
  readCode,
  readDate,
  readLabelled,
  readLevel,
  readPartner,
  readRegistration,
  readReplacements,
  readTitle,
  refusedRecord,
} from './fields.ts';
import type { Doubt, ExportItem } from './model/export.ts';

/** Names carry a date and letters with accents that some tools garble: the plain part says which file it is. */
const files = {
  standard: { name: /_Standard_/i, columns: ['Numero_Fiche', 'Intitule', 'Date_Fin_Enregistrement', 'Actif'] },
  blocks: {
    name: /_Blocs_De_Comp/i,
    columns: ['Numero_Fiche', 'Bloc_Competences_Code', 'Bloc_Competences_Libelle'],
  },
  certifiers: { name: /_Certificateurs_/i, columns: ['Numero_Fiche', 'Siret_Certificateur', 'Nom_Certificateur'] },
  formacodes: { name: /_Formacode_/i, columns: ['Numero_Fiche', 'Formacode_Code', 'Formacode_Libelle'] },
  nsf: { name: /_Nsf_/i, columns: ['Numero_Fiche', 'Nsf_Code', 'Nsf_Intitule'] },
  partners: {
    name: /_Partenaires_/i,
    columns: ['Numero_Fiche', 'Nom_Partenaire', 'Siret_Partenaire', 'Habilitation_Partenaire'],
  },
  rome: { name: /_Rome_/i, columns: ['Numero_Fiche', 'Codes_Rome_Code', 'Codes_Rome_Libelle'] },
  replacements: {
    name: /_Ancienne_Nouvelle_/i,
    columns: ['Numero_Fiche', 'Ancienne_Certification', 'Nouvelle_Certification'],
  },
} as const;
type FileKey = keyof typeof files;

/** A row by the names of the columns; a column that the file does not have is ''. */
type Row = (column: string) => string;
type RowsByCode = ReadonlyMap<string, readonly Row[]>;

/** Whether the archive is the CSV export. */
export function isCsvExport(entries: readonly ZipEntry[]): boolean {
  return entries.some(({ name }) => files.standard.name.test(name) && /\.csv$/i.test(name));
}

/** @throws SourceError when a file or a column is missing, or a file is not whole */
export async function* readCsvExport(entries: readonly ZipEntry[]): AsyncGenerator<ExportItem, void, undefined> {
  const entryOf = (key: FileKey): ZipEntry => {
    const found = entries.find(({ name }) => files[key].name.test(name));
    if (found !== undefined) return found;
    const wanted = files[key].name.source.replaceAll('_', ' ').trim();
    throw new SourceError('changed', `L’archive n’a pas le fichier « ${wanted} » : l’export n’est pas complet.`);
  };
  // All are looked for before any is read.
  for (const key of Object.keys(files)) entryOf(key as FileKey);
  const others = {
    blocks: await rowsByCode(entryOf('blocks'), 'blocks'),
    certifiers: await rowsByCode(entryOf('certifiers'), 'certifiers'),
    formacodes: await rowsByCode(entryOf('formacodes'), 'formacodes'),
    nsf: await rowsByCode(entryOf('nsf'), 'nsf'),
    partners: await rowsByCode(entryOf('partners'), 'partners'),
    rome: await rowsByCode(entryOf('rome'), 'rome'),
    replacements: await rowsByCode(entryOf('replacements'), 'replacements'),
  };
  for await (const { row, line } of rowsOf(entryOf('standard'), 'standard')) yield certificationOf(row, line, others);
}

function certificationOf(row: Row, line: number, others: Readonly<Record<Exclude<FileKey, 'standard'>, RowsByCode>>) {
  let code: string | null = null;
  try {
    const number = readCode('Numero_Fiche', row('Numero_Fiche'));
    code = number.code;
    const rows = (key: Exclude<FileKey, 'standard'>) => others[key].get(number.code) ?? [];
    const doubts: Doubt[] = [];
    const doubt = (one: Doubt) => doubts.push(one);
    const partners = rows('partners').map((partner) =>
      readPartner(
        {
          name: partner('Nom_Partenaire'),
          siret: partner('Siret_Partenaire'),
          role: partner('Habilitation_Partenaire'),
          state: '',
          activeSince: '',
        },
        doubt,
      ),
    );
    const type = readLabelled(row('Abrege_Libelle'), row('Abrege_Intitule'));
    const replaced = rows('replacements');
    const lastJournal = readDate('Date_dernier_jo', row('Date_dernier_jo'));
    const record = {
      code,
      register: number.register,
      title: readTitle('Intitule', plain(row('Intitule'))),
      shortType: type.code === '' && type.label === '' ? null : type,
      level: readLevel('Nomenclature_Europe_Niveau', row('Nomenclature_Europe_Niveau')),
      active: readActive('Actif', row('Actif')),
      endOfRegistration: readDate('Date_Fin_Enregistrement', row('Date_Fin_Enregistrement')),
      lastDelivery: null,
      effectiveFrom: readDate('Date_Effet', row('Date_Effet')),
      decidedOn: readDate('Date_Decision', row('Date_Decision')),
      registration: readRegistration(row('Type_Enregistrement')),
      recordState: null,
      blocks: rows('blocks').map((block) => ({
        code: block('Bloc_Competences_Code').trim(),
        title: plain(block('Bloc_Competences_Libelle')),
      })),
      rome: rows('rome').map((one) => readLabelled(one('Codes_Rome_Code'), one('Codes_Rome_Libelle'))),
      nsf: rows('nsf').map((one) => readLabelled(one('Nsf_Code'), one('Nsf_Intitule'))),
      formacodes: rows('formacodes').map((one) => readLabelled(one('Formacode_Code'), one('Formacode_Libelle'))),
      certifiers: rows('certifiers').map((one) =>
        readCertifier({ name: one('Nom_Certificateur'), siret: one('Siret_Certificateur'), state: '' }, doubt),
      ),
      hasPartners: partners.length > 0 ? true : null,
      replacedBy: readReplacements(
        'Nouvelle_Certification',
        replaced.map((one) => one('Nouvelle_Certification')),
        doubt,
      ),
      replaces: readReplacements(
        'Ancienne_Certification',
        replaced.map((one) => one('Ancienne_Certification')),
        doubt,
      ),
    };
    return { kind: 'certification', record, partners, doubts, newestDate: lastJournal } as const;
  } catch (error) {
    if (!(error instanceof FieldRefused)) throw error;
    return refusedRecord(code, new FieldRefused(`${error.field}, ligne ${line}`, error.value, error.reason));
  }
}

async function rowsByCode(entry: ZipEntry, key: FileKey): Promise<RowsByCode> {
  const byCode = new Map<string, Row[]>();
  for await (const { row } of rowsOf(entry, key)) {
    const reading = parseCertificationCode(row('Numero_Fiche'));
    // A row of no record: the standard file says which records there are, and refuses the numbers it cannot read.
    if (reading.kind !== 'code') continue;
    const rows = byCode.get(reading.code);
    if (rows === undefined) byCode.set(reading.code, [row]);
    else rows.push(row);
  }
  return byCode;
}

async function* rowsOf(entry: ZipEntry, key: FileKey): AsyncGenerator<{ row: Row; line: number }, void, undefined> {
  let at: ReadonlyMap<string, number> | undefined;
  for await (const { cells, line } of readCsvRows(entry.bytes(), { delimiter: ';' })) {
    if (at === undefined) {
      at = columnsOf(cells, key);
      continue;
    }
    const columns = at;
    yield { line, row: (column) => cells[columns.get(column) ?? -1] ?? '' };
  }
}

function columnsOf(cells: readonly string[], key: FileKey): ReadonlyMap<string, number> {
  const at = new Map(cells.map((cell, index) => [cell.trim(), index]));
  const missing = files[key].columns.filter((column) => !at.has(column));
  if (missing.length === 0) return at;
  const name = files[key].name.source.replaceAll('_', ' ').trim();
  throw new SourceError('changed', `Le fichier « ${name} » n’a pas la colonne ${missing.join(', ')}.`);
}
