/** Shared digital-skills framework: types. DigComp codes are the keys, in every version. */

import type { Lexicon } from './model/lexicon.ts';
import type {
  Certification,
  DigcompArea,
  DigcompBand,
  DigcompCompetence,
  DigcompLevel,
  FormacodeData,
  Occupation,
  PixData,
  RomeData,
} from './model/reference.ts';

/** DigComp 2.2 names of the four bands, stored everywhere; 3.0 calls the first `Basic` and the last `Highly advanced`. */
export const bands = ['foundation', 'intermediate', 'advanced', 'highly-specialised'] as const;
export type Band = (typeof bands)[number];

/** `1.1` to `5.4`. */
export type CompetenceCode = string;

export interface AlignedCompetence {
  readonly code: CompetenceCode;
  /** 0 to 1; a declared competence has 1. */
  readonly score: number;
  /** The words of the course, or the declared code, that made us say so. */
  readonly evidence: readonly string[];
  readonly origin: 'declared' | 'inferred' | 'reviewed';
}

export interface AlignedCertification {
  /** `RNCP37674`, `RS6604`. */
  readonly code: string;
  /** False when our register does not hold it: shown as « état inconnu ». */
  readonly known: boolean;
}

export interface Alignment {
  /** null: cannot be judged (neither French nor English); shown as « sujet numérique à vérifier ». */
  readonly digital: boolean | null;
  /** Best first. */
  readonly competences: readonly AlignedCompetence[];
  readonly level: Band | null;
  readonly certifications: readonly AlignedCertification[];
  /** Below this score a person reviews. */
  readonly threshold: number;
  readonly frameworkVersion: string;
}

/** What alignment reads of a course; a line of `framework align` has at least a title. */
export interface Alignable {
  readonly title: string;
  readonly description: string;
  readonly objectives: readonly string[];
  /** Primary tags; empty is unknown and judged as French. */
  readonly languages: readonly string[];
  readonly provider: string | null;
  readonly level: { readonly label: string | null; readonly eqf: number | null };
  readonly competences: readonly {
    readonly scheme: string;
    readonly code: string | null;
    readonly label: string | null;
    readonly level: number | null;
  }[];
  readonly subjects: readonly {
    readonly scheme: string;
    readonly code: string | null;
    readonly label: string | null;
  }[];
  readonly certifications: readonly { readonly kind: string; readonly code: string }[];
}

/** The whole reference, read once by data.ts. */
export interface Framework {
  /** Changes when the data or the algorithm changes. */
  readonly version: string;
  readonly areas: readonly DigcompArea[];
  readonly competences: readonly DigcompCompetence[];
  readonly bands: readonly DigcompBand[];
  readonly levels: readonly DigcompLevel[];
  readonly pix: PixData;
  readonly occupations: readonly Occupation[];
  readonly occupationParents: RomeData['parents'];
  /** By code. */
  readonly certifications: ReadonlyMap<string, Certification>;
  readonly subjects: FormacodeData;
  readonly lexicon: Lexicon;
  /** Titles of DigComp (3.0, 2.2, French), folded (model/text.ts), with their code. */
  readonly digcompTitles: ReadonlyMap<string, CompetenceCode>;
  /** Titles of Pix, folded, with the DigComp codes that we think they cover. */
  readonly pixTitles: ReadonlyMap<string, readonly CompetenceCode[]>;
}
