/** What an export of the register gives, and what is kept of having imported it. */
import type { IsoDate, RegisterName, RegisterRecord } from '../model.ts';
import type { PartnerLine } from './habilitation.ts';

/** A record as exported: what the platform judges or dates itself is added at the import. */
export type ExportedRecord = Omit<RegisterRecord, 'seen' | 'digital'>;

/** A line of the list of partners; `siret` is null when the export gives none that can be read. */
export interface ExportedPartner extends PartnerLine {
  readonly siret: string | null;
}

export interface Doubt {
  readonly field: string;
  readonly value: string;
}

export type ExportItem =
  | {
      readonly kind: 'certification';
      readonly record: ExportedRecord;
      readonly partners: readonly ExportedPartner[];
      /** Parts that could not be read, without harm to the record. */
      readonly doubts: readonly Doubt[];
      /** Of what has already happened when it is written: an export is never older. */
      readonly newestDate: IsoDate | null;
    }
  | RefusedRecord;

export interface RefusedRecord {
  readonly kind: 'refused';
  /** null when the number itself cannot be read. */
  readonly code: string | null;
  /** Name of the export's own field. */
  readonly field: string;
  readonly value: string;
  /** French. */
  readonly reason: string;
}

/** Of one register in one export. */
export interface ExportCounts {
  readonly records: number;
  readonly active: number;
  readonly ended: number;
  /** Without ACTIF. */
  readonly stateUnknown: number;
  readonly partners: number;
  /** Partners whose state the export gives. */
  readonly partnersWithState: number;
  readonly refused: number;
}

export const noCounts: ExportCounts = {
  records: 0,
  active: 0,
  ended: 0,
  stateUnknown: 0,
  partners: 0,
  partnersWithState: 0,
  refused: 0,
};

/** An export of one register that was read to its end and put in force. */
export interface HeldExport {
  readonly register: RegisterName;
  /** Its own day: its history is in this order. */
  readonly date: IsoDate;
  readonly format: string;
  /** Of the file. */
  readonly sha256: string;
  /** Where it was published; null for a file given by hand. */
  readonly resource: { readonly id: string; readonly lastModified: string } | null;
  readonly counts: ExportCounts;
  /** What the same file put in force: all of it, or the import is done again. */
  readonly registers: readonly RegisterName[];
  readonly importedAt: Date;
}

/** Share of what is held that an export may lose before a person is asked. */
export const lossShare = 0.2;

export interface Loss {
  readonly what: string;
  readonly held: number;
  readonly read: number;
}

/** What an export has far fewer of than the one in force; a certification that leaves the register is rare. */
export function lossesOf(held: ExportCounts, read: ExportCounts): Loss[] {
  const known = (counts: ExportCounts) => counts.records - counts.stateUnknown;
  const figures = [
    // A refused record is still there: its former version stays in force.
    { what: 'certifications', held: held.records, read: read.records + read.refused },
    { what: 'certifications dont la validité est donnée', held: known(held), read: known(read) + read.refused },
    { what: 'partenaires dont l’état est donné', held: held.partnersWithState, read: read.partnersWithState },
  ];
  return figures.filter((figure) => figure.read < figure.held * (1 - lossShare));
}
