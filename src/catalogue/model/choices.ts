/** What a visitor chose on the search page, and the address that says it. */
import { type FacetName, type Filters, facetNames, type Sort } from '../search/course-index.ts';

export interface SearchRequest {
  readonly q: string;
  readonly filters: Filters;
  readonly sort: Sort;
  /** 1-based. */
  readonly page: number;
  /** The words exactly as typed: neither corrected nor widened. */
  readonly literal: boolean;
  /** « Rien à payer pour moi »: only courses on which the verdict, by the answers, leaves nothing to pay. */
  readonly nothingToPay: boolean;
  /** Of the person, as the links of « Mes droits » hold them (`r=`); '' without any. Alone they choose nothing: each card is priced by them. */
  readonly answers: string;
}

/** One value of one filter. */
export interface Choice {
  readonly facet: FacetName;
  readonly value: string;
}

export const facetParameters = {
  access: 'acces',
  cpf: 'cpf',
  provider: 'organisme',
  language: 'langue',
  level: 'niveau',
  competence: 'competence',
} as const satisfies Readonly<Record<FacetName, string>>;

export const nothingToPayParameter = 'pour-moi';

export const sortParameters: Readonly<Record<Sort, string>> = {
  relevance: 'pertinence',
  start: 'debut',
  duration: 'duree',
};

export function choicesOf(filters: Filters): readonly Choice[] {
  return facetNames.flatMap((facet) => [...new Set(filters[facet] ?? [])].map((value) => ({ facet, value })));
}

export function filtersOf(choices: readonly Choice[]): Filters {
  const filters: Partial<Record<FacetName, string[]>> = {};
  for (const { facet, value } of choices) filters[facet] = [...(filters[facet] ?? []), value];
  return filters;
}

/** Names and values of the address, in a fixed order; what is not chosen is left out. */
export function parametersOf({
  q,
  filters,
  sort,
  page,
  literal,
  nothingToPay,
  answers,
}: SearchRequest): readonly (readonly [string, string])[] {
  return [
    ...(q === '' ? [] : [['q', q] as const]),
    ...choicesOf(filters).map(({ facet, value }) => [facetParameters[facet], value] as const),
    ...(nothingToPay ? [[nothingToPayParameter, '1'] as const] : []),
    ...(sort === 'relevance' ? [] : [['tri', sortParameters[sort]] as const]),
    ...(literal ? [['exact', '1'] as const] : []),
    ...(answers === '' ? [] : [['r', answers] as const]),
    ...(page > 1 ? [['page', String(page)] as const] : []),
  ];
}

/** `/catalogue?q=…`. */
export function searchAddress(request: SearchRequest): string {
  const query = parametersOf(request).map((pair) => pair.map(encodeURIComponent).join('='));
  return query.length === 0 ? '/catalogue' : `/catalogue?${query.join('&')}`;
}

export const emptyRequest: SearchRequest = {
  q: '',
  filters: {},
  sort: 'relevance',
  page: 1,
  literal: false,
  nothingToPay: false,
  answers: '',
};
