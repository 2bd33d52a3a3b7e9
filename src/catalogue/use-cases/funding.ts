/** What registers and proofs say of courses on a day, ready for `dossierOf`: one question to each for a whole batch. */
import type { IsoDate } from '../../eligibility/model/dates.ts';
import type {
  CertificationOfProvider,
  Habilitation,
  Register,
  RegisterRecord,
} from '../../framework/registry/model.ts';
import { pairKey } from '../../framework/registry/model.ts';
import { certificationTaken, type FundingFacts, preparedCodes, recordCodeOf } from '../model/dossier.ts';
import { type ProviderFacts, provenOn } from '../model/provider-facts.ts';
import type { Course, CourseId } from '../model.ts';
import type { ProviderFactsStore } from '../store/provider-facts.ts';

export interface FundingParts {
  readonly register: Pick<Register, 'certifications' | 'habilitations' | 'hasOffers'>;
  readonly providerFacts: Pick<ProviderFactsStore, 'bySirets'>;
}

export interface Funding {
  /** One entry for each course. */
  fundingFacts(
    courses: readonly Pick<Course, 'id' | 'draft' | 'alignment'>[],
    on: IsoDate,
  ): Promise<ReadonlyMap<CourseId, FundingFacts>>;
  /** The same for a certification of a school, without a course; a null is a side that nobody named. */
  factsOf(code: string | null, siret: string | null, on: IsoDate): Promise<FundingFacts>;
  /** The same for many, in their order. */
  manyFacts(
    asked: readonly { readonly code: string | null; readonly siret: string | null }[],
    on: IsoDate,
  ): Promise<readonly FundingFacts[]>;
}

interface Asked {
  readonly codes: readonly string[];
  readonly siret: string | null;
}

export function makeFunding({ register, providerFacts }: FundingParts): Funding {
  /** Before the oldest export held, what the newest says of the dates is better than nothing. */
  async function recordsOf(codes: readonly string[], on: IsoDate): Promise<ReadonlyMap<string, RegisterRecord>> {
    if (codes.length === 0) return new Map();
    const then = await register.certifications(codes, on);
    const unread = codes.filter((code) => !then.has(code));
    return unread.length === 0 ? then : new Map([...then, ...(await register.certifications(unread))]);
  }

  async function facts(asked: readonly Asked[], on: IsoDate): Promise<readonly FundingFacts[]> {
    const codes = [...new Set(asked.flatMap((one) => one.codes.map(recordCodeOf)))];
    const pairs = new Map<string, CertificationOfProvider>();
    for (const { codes: own, siret } of asked)
      if (siret !== null)
        for (const code of own.map(recordCodeOf)) pairs.set(pairKey({ code, siret }), { code, siret });
    const list = [...pairs.values()];
    const [records, habilitations, offers, providers] = await Promise.all([
      recordsOf(codes, on),
      list.length === 0 ? new Map<string, Habilitation | null>() : register.habilitations(list, on),
      list.length === 0 ? new Map<string, boolean | null>() : register.hasOffers(list),
      providerFacts.bySirets([...new Set(asked.flatMap(({ siret }) => siret ?? []))]),
    ]);
    return asked.map(({ codes: own, siret }) => {
      const provider = siret === null ? null : (providers.get(siret) ?? null);
      const candidates = own.map((code) => {
        const record = recordCodeOf(code);
        const key = siret === null ? '' : pairKey({ code: record, siret });
        return {
          code,
          certification: records.get(record) ?? null,
          habilitation: habilitationOf(provider, record, habilitations.get(key) ?? null, on),
          offer: offerOf(provider, record, offers.get(key) ?? null, on),
        };
      });
      const taken = certificationTaken(candidates, on);
      return taken === null
        ? { code: null, certification: null, habilitation: null, offer: null, provider }
        : { ...taken, provider };
    });
  }

  return {
    async fundingFacts(courses, on) {
      const found = await facts(
        courses.map((course) => ({ codes: preparedCodes(course), siret: course.draft.provider.siret })),
        on,
      );
      return new Map(courses.flatMap(({ id }, at) => (found[at] === undefined ? [] : [[id, found[at]] as const])));
    },

    async factsOf(code, siret, on) {
      const [found] = await facts([{ codes: code === null ? [] : [code], siret }], on);
      return found ?? { code, certification: null, habilitation: null, offer: null, provider: null };
    },

    manyFacts: (asked, on) =>
      facts(
        asked.map(({ code, siret }) => ({ codes: code === null ? [] : [code], siret })),
        on,
      ),
  };
}

function ofCertification(provider: ProviderFacts | null, code: string) {
  return provider?.certifications.find((one) => one.code === code) ?? null;
}

/** The register decides where it can be read; the proof an operator saw is for the others (P-04b), and for fictional schools. */
function habilitationOf(
  provider: ProviderFacts | null,
  code: string,
  read: Habilitation | null,
  on: IsoDate,
): Habilitation | null {
  const seen = provenOn(ofCertification(provider, code)?.habilitation ?? null, on);
  return provider?.demo === true ? seen : (read ?? seen);
}

/** The open data confirms; an offer absent from it may be newer than it, so what an operator saw comes first. */
function offerOf(provider: ProviderFacts | null, code: string, listed: boolean | null, on: IsoDate): boolean | null {
  const seen = provenOn(ofCertification(provider, code)?.offer ?? null, on);
  if (provider?.demo === true) return seen;
  return listed === true ? true : (seen ?? listed);
}
