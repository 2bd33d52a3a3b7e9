/** The XML export (`FICHES`/`FICHE`), versions 4 and older: one record at a time, direct children only. */
import { childAt, childrenOf, readXmlRecords, textAt, type XmlElement } from '../../platform/read-xml.ts';
import {
  FieldRefused,
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

/** A record with a thousand partners and every text at its longest is about 2 million characters. */
const maxRecordSize = 8_000_000;

/**
 * `version` is told as soon as it is read (`4.1`).
 * @throws SourceError for what is not a whole export; records that stand before the fault are given first
 */
export async function* readXmlExport(
  bytes: AsyncIterable<Uint8Array>,
  onVersion: (version: string) => void,
): AsyncGenerator<ExportItem, void, undefined> {
  const records = readXmlRecords(bytes, { roots: ['FICHES'], record: ['FICHE', 'VERSION_FLUX'], maxRecordSize });
  for await (const element of records) {
    if (element.name === 'VERSION_FLUX') onVersion((element.text ?? '').slice(0, 20));
    else yield readFiche(element);
  }
}

/** Exported for tests: what one `FICHE` says. */
export function readFiche(fiche: XmlElement): ExportItem {
  let code: string | null = null;
  try {
    const number = readCode('NUMERO_FICHE', textAt(fiche, 'NUMERO_FICHE'));
    code = number.code;
    const doubts: Doubt[] = [];
    const doubt = (one: Doubt) => doubts.push(one);
    const text = (name: string) => textAt(fiche, name);
    const date = (name: string) => readDate(name, text(name));
    const partners = childrenOf(childAt(fiche, 'PARTENAIRES'), 'PARTENAIRE').map((partner) =>
      readPartner(
        {
          name: textAt(partner, 'NOM_PARTENAIRE'),
          siret: textAt(partner, 'SIRET_PARTENAIRE'),
          role: textAt(partner, 'HABILITATION_PARTENAIRE'),
          state: textAt(partner, 'ETAT_HABILITATION'),
          activeSince: textAt(partner, 'DATE_ACTIF'),
        },
        doubt,
      ),
    );
    const abridged = childAt(fiche, 'ABREGE');
    const record = {
      code,
      register: number.register,
      title: readTitle('INTITULE', text('INTITULE')),
      shortType: abridged === undefined ? null : readLabelled(textAt(abridged, 'CODE'), labelOf(abridged)),
      level: readLevel('NOMENCLATURE_EUROPE/NIVEAU', textAt(fiche, 'NOMENCLATURE_EUROPE', 'NIVEAU')),
      active: readActive('ACTIF', text('ACTIF')),
      endOfRegistration: date('DATE_FIN_ENREGISTREMENT'),
      lastDelivery: date('DATE_LIMITE_DELIVRANCE'),
      effectiveFrom: date('DATE_EFFET'),
      decidedOn: date('DATE_DECISION'),
      registration: readRegistration(text('TYPE_ENREGISTREMENT')),
      recordState: text('ETAT_FICHE') || null,
      blocks: childrenOf(childAt(fiche, 'BLOCS_COMPETENCES'), 'BLOC_COMPETENCES').map((block) => ({
        code: textAt(block, 'CODE'),
        title: labelOf(block),
      })),
      rome: labelled(fiche, 'CODES_ROME', 'ROME'),
      nsf: labelled(fiche, 'CODES_NSF', 'NSF'),
      formacodes: labelled(fiche, 'FORMACODES', 'FORMACODE'),
      certifiers: childrenOf(childAt(fiche, 'CERTIFICATEURS'), 'CERTIFICATEUR').map((certifier) =>
        readCertifier(
          {
            name: textAt(certifier, 'NOM_CERTIFICATEUR'),
            siret: textAt(certifier, 'SIRET_CERTIFICATEUR'),
            state: textAt(certifier, 'ETAT_CERTIFICATEUR'),
          },
          doubt,
        ),
      ),
      hasPartners: partners.length > 0 ? true : saysPartners(text('EXISTENCE_PARTENAIRES')),
      replacedBy: replacements(fiche, 'NOUVELLE', doubt),
      replaces: replacements(fiche, 'ANCIENNE', doubt),
    };
    return { kind: 'certification', record, partners, doubts, newestDate: newestDateOf(fiche) };
  } catch (error) {
    if (error instanceof FieldRefused) return refusedRecord(code, error);
    throw error;
  }
}

/** Older versions write `INTITULE` for the label. */
const labelOf = (element: XmlElement) => textAt(element, 'LIBELLE') || textAt(element, 'INTITULE');

function labelled(fiche: XmlElement, list: string, name: string) {
  return childrenOf(childAt(fiche, list), name)
    .map((element) => readLabelled(textAt(element, 'CODE'), labelOf(element)))
    .filter(({ code }) => code !== '');
}

/** A « Oui » without any line is a list that was lost: not known. */
const saysPartners = (text: string) => (/^non$/i.test(text) ? false : null);

/** Nested since version 3; directly under the record before, the number alone. */
function replacements(fiche: XmlElement, which: 'NOUVELLE' | 'ANCIENNE', doubt: (doubt: Doubt) => void): string[] {
  const name = `${which}_CERTIFICATION`;
  const elements = [...childrenOf(childAt(fiche, `${which}S_CERTIFICATIONS`), name), ...childrenOf(fiche, name)];
  const texts = elements.map((element) => textAt(element, `ID_FICHE_${name}`) || (element.text ?? ''));
  return readReplacements(name, texts, doubt);
}

const past = new Set(['DATE_DERNIERE_MODIFICATION_ETAT', 'DATE_ACTIF', 'DATE_DE_PUBLICATION', 'DATE_DERNIER_JO']);

/** At any depth: each of these is the day of something that has happened. */
function newestDateOf(element: XmlElement): string | null {
  let newest: string | null = null;
  for (const child of element.children ?? []) {
    let found = child.children === undefined ? null : newestDateOf(child);
    if (past.has(child.name)) found = /^\d{2}\/\d{2}\/\d{4}$/.test(child.text ?? '') ? isoOf(child.text ?? '') : null;
    if (found !== null && (newest === null || found > newest)) newest = found;
  }
  return newest;
}

const isoOf = (french: string) => french.split('/').reverse().join('-');
