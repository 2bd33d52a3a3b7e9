/** What a person wants to know the cost of. Eligibility knows no course: aims are handed in by the composition root. */
import type { IsoDate } from './dates.ts';
import type { DossierInput } from './dossier.ts';

/** Days of the facts that are not the person's; null when a day is not known. */
export interface FactDates {
  readonly register: IsoDate | null;
  readonly provider: IsoDate | null;
  /** When the price was read. */
  readonly price: IsoDate | null;
  /** « prix du cours corrigé par l'organisme le 21/11/2026 »: what a person wrote of it, which was not read; left out: nothing. */
  readonly priceCorrection?: string | undefined;
}

/** One thing that is paid for: a course, or the course of one step. */
export interface AimedAction {
  readonly title: string;
  readonly href: string | null;
  /** The dossier without the person, in euros. */
  readonly action: DossierInput['action'];
  readonly organisme: DossierInput['organisme'];
  readonly dates: FactDates;
  /** Of the next session; null when it has none or the day is not known. */
  readonly sessionStart: IsoDate | null;
  /** The offer names the blocks of its certification (P-06); null or left out: not known. */
  readonly blocksDeclared?: boolean | null;
}

/** What the person told: as `personOf` gives it, in euros. */
export type Told = Required<Pick<DossierInput, 'personne' | 'cofinancements'>>;

/** A link of a page. */
export interface AimLink {
  readonly text: string;
  readonly href: string;
}

/** The cost of several actions together, ready to print. */
export interface WholeCost {
  /** « Il vous reste 450 € à payer pour tout le parcours… », or what prevents a total. */
  readonly heading: string;
  readonly lines: readonly string[];
  readonly rows: readonly {
    readonly step: string;
    readonly course: AimLink | null;
    /** What the training account answers for this step. */
    readonly answer: string;
    readonly price: string;
    readonly aid: string;
    readonly rights: string;
    readonly rest: string;
  }[];
  readonly total: {
    readonly label: string;
    readonly price: string;
    readonly aid: string;
    readonly rights: string;
    readonly rest: string;
  };
  readonly caption: string;
}

export type Supposed = 'provider' | 'course';

export interface Aim {
  /** `cours:<id>`, `certification:<code>`, `parcours:<slug>`; '' for none. */
  readonly ref: string;
  /** « Développeur web, Institut Marelle ». */
  readonly label: string;
  readonly href: string;
  /** One, or the course chosen for each step of a pathway. */
  readonly actions: readonly AimedAction[];
  /**
   * What the questions are asked of, where it is not what is judged: a search has no course yet, and every answer about money
   * may change its list. Nothing of it is ever shown.
   */
  readonly asking?: readonly AimedAction[];
  /** Not chosen yet, and supposed to meet every condition: the school, or the whole course; null: nothing is supposed. */
  readonly supposed: Supposed | null;
  /** For a pathway: one balance spent from step to step (N4). */
  readonly whole: ((told: Told, date: IsoDate) => WholeCost) | null;
  /** Where to go when the answer needs a course, or is no. */
  readonly others: AimLink | null;
}

/** @returns null when nothing has that name, or no longer */
export type FindAim = (ref: string, date: IsoDate) => Promise<Aim | null>;

/** A provider that meets every condition: what the account asks of a course nobody chose yet. */
export const conforming: NonNullable<DossierInput['organisme']> = {
  nda: '00000000000',
  ndaValide: true,
  qualiopi: { categories: ['AF', 'BC', 'VAE'], du: '1900-01-01', au: '9999-12-31' },
  habilitation: 'former',
  offreEdof: true,
  dereference: false,
  sousTraitance: null,
};

/** The account in general: a course whose certification and school meet the conditions, and whose price is not known. */
export const anyCourse: Aim = {
  ref: '',
  label: 'Une formation en général',
  href: '/eligibilite',
  actions: [
    {
      title: 'une formation en général',
      href: null,
      action: { type: 'vae', certification: null, prix: null },
      organisme: conforming,
      dates: { register: null, provider: null, price: null },
      sessionStart: null,
    },
  ],
  supposed: 'course',
  whole: null,
  others: { text: 'Choisir un cours', href: '/catalogue' },
};
