/** The registers of certifications (RNCP, RS): what an export says of one, and what is asked of them. */

/** YYYY-MM-DD: compares as text. */
export type IsoDate = string;

export const registerNames = ['RNCP', 'RS'] as const;
export type RegisterName = (typeof registerNames)[number];

export interface Labelled {
  readonly code: string;
  /** '' when the export gives none. */
  readonly label: string;
}

export interface Certifier {
  readonly name: string;
  /** 14 digits; null for about a third of them. */
  readonly siret: string | null;
  /** null: the export does not say (CSV). */
  readonly state: 'actif' | 'inactif' | null;
}

/** One certification, as an export of the register gives it. */
export interface RegisterRecord {
  /** `RNCP37674`, `RS6604`. */
  readonly code: string;
  readonly register: RegisterName;
  readonly title: string;
  /** BTS, TP, CQP…; absent on about half. `code` is '' when only the label is known. */
  readonly shortType: Labelled | null;
  /** 3 to 8; null for RS, which has none, and where the record gives none. */
  readonly level: number | null;
  /** ACTIF, as it was on `seen.to`; null when not read. */
  readonly active: boolean | null;
  /** Last day included; null: the record gives none. */
  readonly endOfRegistration: IsoDate | null;
  /** Last day on which the certification can still be delivered. */
  readonly lastDelivery: IsoDate | null;
  readonly effectiveFrom: IsoDate | null;
  readonly decidedOn: IsoDate | null;
  readonly registration: 'de-droit' | 'sur-demande' | null;
  /** ETAT_FICHE: how far the writing of the record is; never its validity. */
  readonly recordState: string | null;
  /** Empty for RS. Codes are unique inside a record only. */
  readonly blocks: readonly { readonly code: string; readonly title: string }[];
  /** Of the older edition: joined to jobs through their parent. */
  readonly rome: readonly Labelled[];
  /** 3 digits, sometimes with a letter (`326t`). */
  readonly nsf: readonly Labelled[];
  readonly formacodes: readonly Labelled[];
  readonly certifiers: readonly Certifier[];
  /** Whether it has a list of partners; null: the export does not say. */
  readonly hasPartners: boolean | null;
  readonly replacedBy: readonly string[];
  readonly replaces: readonly string[];
  /** By its NSF and Formacode; null when neither is given. */
  readonly digital: boolean | null;
  /**
   * Dates of the first and the last export held that say exactly this; null for a record of the built-in sample that was
   * not read in the register.
   */
  readonly seen: { readonly from: IsoDate; readonly to: IsoDate } | null;
}

/** The value that rule P-04 wants; `aucune` is a certain « no ». */
export type Habilitation = 'certificateur' | 'former' | 'organiser' | 'former_organiser' | 'aucune';

export interface CertificationOfProvider {
  readonly code: string;
  /** 14 digits. */
  readonly siret: string;
}

/** Key of the answers to a batch. */
export const pairKey = ({ code, siret }: CertificationOfProvider): string => `${code}/${siret}`;

export interface Successors {
  /** The chain of replacements, the certification itself left out; it ends at the living one when there is one. */
  readonly codes: readonly string[];
  /** `broken`: a replacement is named that the register does not hold. */
  readonly end: 'living' | 'none-known' | 'cycle' | 'broken';
}

/**
 * The registers, read. Until an export of one of them is imported, the built-in sample answers for it. Without `on`, as the
 * newest export says; with it, as the newest export of that day or before said (null when none is that old).
 */
export interface Register {
  /**
   * `date`: the older of the two registers' newest exports (what a page can promise); null as long as none is imported.
   * `records`: certifications held. `offersDate`: of the open data of the training-account offer.
   */
  state(): Promise<RegisterState>;
  /** A block code answers with its record; null: not in the register. */
  certification(code: string, on?: IsoDate): Promise<RegisterRecord | null>;
  /** Those asked that the register holds, by the code asked. */
  certifications(codes: readonly string[], on?: IsoDate): Promise<ReadonlyMap<string, RegisterRecord>>;
  /** null: cannot be read (no such record, no list of partners, a state that the export does not give). */
  habilitation(code: string, siret: string, on?: IsoDate): Promise<Habilitation | null>;
  /** By `pairKey`. */
  habilitations(
    pairs: readonly CertificationOfProvider[],
    on?: IsoDate,
  ): Promise<ReadonlyMap<string, Habilitation | null>>;
  /** Whether the provider really offers it on the training account; null when no such file was imported. */
  hasOffer(code: string, siret: string): Promise<boolean | null>;
  /** By `pairKey`. */
  hasOffers(pairs: readonly CertificationOfProvider[]): Promise<ReadonlyMap<string, boolean | null>>;
  /** Follows the replacements, each certification once. */
  successors(code: string): Promise<Successors>;
}

export interface RegisterState {
  readonly date: IsoDate | null;
  readonly records: number;
  readonly offersDate: IsoDate | null;
}
