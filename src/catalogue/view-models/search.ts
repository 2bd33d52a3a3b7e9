/** The results page: what was asked, what was found, how to narrow, widen, sort and go on. */
import { accessCodes } from '../../eligibility/model.ts';
import type { DigcompCompetence } from '../../framework/model/reference.ts';
import { type Band, bands } from '../../framework/model.ts';
import { count, french, listed, number, shortDate } from '../../platform/web/format.ts';
import { type Pager, pagerOf } from '../../platform/web/pager.ts';
import type { Card } from '../model/card.ts';
import {
  type Choice,
  choicesOf,
  emptyRequest,
  facetParameters,
  filtersOf,
  nothingToPayParameter,
  parametersOf,
  type SearchRequest,
  searchAddress,
  sortParameters,
} from '../model/choices.ts';
import { type CpfAnswer, cpfAnswers, zeroPossibleValue } from '../model/cpf.ts';
import { cpfAnswerWords, cpfHeading, zeroCondition, zeroLabel } from '../model/cpf-words.ts';
import type { Proposal, SearchResult } from '../model/pages.ts';
import { type FacetName, type FacetValue, resultCap, type Sort, sorts } from '../search/course-index.ts';
import { courseCard } from './card.ts';
import { type BandTitles, languageName, levelName } from './words.ts';

export interface SearchWords {
  readonly now: Date;
  readonly bands: BandTitles;
  readonly competences: readonly DigcompCompetence[];
  /** What each course costs the person, by id; empty without answers. */
  readonly forYou?: ReadonlyMap<string, string>;
}

interface Option {
  readonly value: string;
  readonly label: string;
  /** What must be true for the label to be so. */
  readonly condition: string | null;
  readonly count: string;
  readonly checked: boolean;
  readonly empty: boolean;
}

interface Group {
  readonly title: string;
  readonly parameter: string;
  readonly open: boolean;
  readonly options: readonly Option[];
  readonly note: string | null;
}

interface Link {
  readonly text: string;
  readonly href: string;
}

export interface SearchModel {
  readonly title: string;
  readonly description: string | null;
  readonly noindex: boolean;
  readonly section: string;
  readonly q: string;
  readonly heading: string;
  readonly countText: string;
  readonly notices: readonly string[];
  readonly correction: { readonly typed: string; readonly href: string } | null;
  readonly widened: { readonly words: string; readonly href: string } | null;
  readonly chips: readonly { readonly text: string; readonly href: string }[];
  readonly clearHref: string;
  readonly filterCount: string | null;
  /** The first filter; without answers it leads to the questions, and back. */
  readonly nothingToPay: {
    readonly parameter: string;
    readonly label: string;
    readonly condition: string;
    readonly checked: boolean;
  };
  readonly groups: readonly Group[];
  readonly sorts: readonly { readonly value: string; readonly label: string; readonly selected: boolean }[];
  /** What each form keeps of the rest. */
  readonly keptBySearch: readonly Hidden[];
  readonly keptByFilters: readonly Hidden[];
  readonly keptBySort: readonly Hidden[];
  readonly pathways: readonly Card[];
  readonly cards: readonly Card[];
  readonly pages: Pager | null;
  readonly empty: Emptiness | null;
}

interface Hidden {
  readonly name: string;
  readonly value: string;
}

interface Emptiness {
  readonly proposals: readonly Link[];
  readonly nothingNear: string | null;
}

const nothingToPayLabel = 'Rien à payer pour moi';
const shownProviders = 30;
const sortLabels: Readonly<Record<Sort, string>> = {
  relevance: 'Pertinence',
  start: 'Date de début',
  duration: 'Durée',
};

const accessLabels: Readonly<Record<string, { readonly label: string; readonly condition: string | null }>> = {
  'free-for-all': {
    label: 'Gratuit pour tous',
    condition: 'cours, certificat et examen sans frais, prix relevés depuis 30 jours au plus',
  },
  'funded-for-job-seekers': {
    label: "Financée pour les demandeurs d'emploi",
    condition: "selon l'organisme : à confirmer auprès de lui, ce n'est pas une aide accordée",
  },
  'content-free': { label: 'Contenu gratuit, certificat payant ou non communiqué', condition: null },
  [zeroPossibleValue]: { label: zeroLabel, condition: zeroCondition },
  paid: { label: 'Payant', condition: null },
  unknown: { label: 'Prix non communiqué', condition: null },
};
const accessOrder: readonly string[] = [...accessCodes, zeroPossibleValue];
const forJobSeekers: readonly string[] = ['free-for-all', 'funded-for-job-seekers', zeroPossibleValue];

export function searchModel(result: SearchResult, words: SearchWords): SearchModel {
  const { request, total, correction } = result;
  const choices = choicesOf(request.filters);
  const label = (choice: Choice) => chosenLabel(choice, result, words);
  const subject = correction ?? request.q;
  const chosen = choices.length + (request.nothingToPay ? 1 : 0);
  const heading = headingOf(result, [...(request.nothingToPay ? [nothingToPayLabel] : []), ...choices.map(label)]);
  return {
    title: total === 0 ? 'Aucun cours trouvé' : subject === '' ? 'Trouver un cours' : `Cours pour « ${subject} »`,
    description: null,
    // Every combination of filters is an address: search engines need none of them but the bare list.
    noindex: parametersOf(request).length > 0,
    section: '/catalogue',
    q: request.q,
    heading: french(heading),
    countText: french(countOf(result)),
    notices: noticesOf(result, words.now).map(french),
    correction:
      correction === null ? null : { typed: request.q, href: searchAddress({ ...request, literal: true, page: 1 }) },
    widened:
      result.widenedTo.length === 0
        ? null
        : { words: listed(result.widenedTo), href: searchAddress({ ...request, literal: true, page: 1 }) },
    chips: [
      ...(request.nothingToPay
        ? [{ text: nothingToPayLabel, href: searchAddress({ ...request, nothingToPay: false, page: 1 }) }]
        : []),
      ...choices.map((choice) => ({ text: label(choice), href: searchAddress(withoutChoice(request, choice)) })),
    ],
    clearHref: searchAddress({ ...request, filters: {}, nothingToPay: false, page: 1 }),
    filterCount: chosen === 0 ? null : count(chosen, 'choix actif', 'choix actifs'),
    nothingToPay: {
      parameter: nothingToPayParameter,
      label: nothingToPayLabel,
      checked: request.nothingToPay,
      condition: french(
        request.answers === ''
          ? "quelques questions d'abord, sans compte ; vous revenez ensuite à cette recherche"
          : "d'après vos réponses, à la date du jour ; jamais quand un prix n'est pas connu",
      ),
    },
    groups: groupsOf(result, words),
    sorts: sorts.map((sort) => ({
      value: sortParameters[sort],
      label: sortLabels[sort],
      selected: sort === request.sort,
    })),
    keptBySearch: hidden({ ...request, q: '', literal: false }),
    keptByFilters: hidden({ ...request, filters: {}, nothingToPay: false }),
    keptBySort: hidden({ ...request, sort: 'relevance' }),
    pathways: result.pathways,
    cards: result.courses.map((course) =>
      courseCard(course, {
        ...words,
        failing: result.failing,
        otherOffers: result.otherOffers,
        answers: request.answers,
      }),
    ),
    pages: pagerOf(request.page, result.pages, (page) => searchAddress({ ...request, page })),
    empty: total === 0 ? emptinessOf(result, label) : null,
  };
}

function hidden(request: SearchRequest): readonly Hidden[] {
  return parametersOf({ ...request, page: 1 }).map(([name, value]) => ({ name, value }));
}

function withoutChoice(request: SearchRequest, removed: Choice): SearchRequest {
  const kept = choicesOf(request.filters).filter(
    ({ facet, value }) => facet !== removed.facet || value !== removed.value,
  );
  return { ...request, filters: filtersOf(kept), page: 1 };
}

/** Product 3.6 for an empty result; « Résultats pour … » names the words really searched. */
function headingOf({ request, total, correction, summary }: SearchResult, filters: readonly string[]): string {
  if (summary.published === 0) return "Le catalogue est vide : aucune source n'a encore été collectée.";
  const typed = request.q.trim();
  if (total > 0) {
    const subject = correction ?? typed;
    return subject === '' ? 'Tous les cours' : `Résultats pour « ${subject} »`;
  }
  const quoted = filters.map((filter) => `« ${filter} »`);
  const some = quoted.length > 3 ? `${quoted.length} filtres` : listed(quoted);
  const withFilters = quoted.length === 0 ? '' : ` avec ${some}`;
  return typed === ''
    ? `Aucun cours ne correspond${withFilters}.`
    : `Aucun cours ne correspond à « ${typed} »${withFilters}.`;
}

function countOf({ total, summary }: SearchResult): string {
  const read = summary.newestHarvest === null ? '' : `, relevés le ${shortDate(summary.newestHarvest)}`;
  return `${count(total, 'cours', 'cours')}${read}`;
}

function noticesOf({ ignored, lookedAt, pastEnd, pages, total }: SearchResult, now: Date): readonly string[] {
  const shown = ignored.slice(0, 5).map(({ value }) => `« ${value} »`);
  const more = ignored.length > shown.length ? ` et ${ignored.length - shown.length} autres` : '';
  const lost =
    ignored.length === 1
      ? `Le filtre ${shown[0]} n'existe pas : il a été ignoré.`
      : `Ces filtres n'existent pas : ${shown.join(', ')}${more}. Ils ont été ignorés.`;
  return [
    ...(ignored.length === 0 ? [] : [lost]),
    ...(lookedAt === null ? [] : [nothingToPayText(lookedAt, now)]),
    ...(pastEnd ? [pages === 1 ? "Il n'y a qu'une page" : `Il n'y a que ${number(pages)} pages`] : []),
    ...(total > resultCap
      ? [`Seuls les ${number(resultCap)} premiers cours sont listés. Ajoutez un filtre pour voir les autres.`]
      : []),
  ];
}

/** On what the filter rests, and what it cannot see. */
function nothingToPayText({ courses, of, withBalance }: NonNullable<SearchResult['lookedAt']>, now: Date): string {
  const cut = of > courses ? ` Seuls les ${number(courses)} premiers cours ont été regardés : ajoutez des mots.` : '';
  const balance = withBalance
    ? ''
    : " Vos réponses ne disent pas le solde de votre compte formation (CPF) : un cours qu'il paierait en entier n'est pas compté ici.";
  return `Rien à payer pour vous, d'après vos réponses, calculé le ${shortDate(now)}.${balance}${cut}`;
}

/** Out of its group a choice says what it is of, and a claim keeps its conditions (T8). */
function chosenLabel(choice: Choice, result: SearchResult, words: SearchWords): string {
  const label = choiceLabel(choice, result, words);
  if (choice.facet === 'cpf') return `${cpfHeading} : ${label.toLowerCase()}`;
  return choice.value === zeroPossibleValue ? `${label}, ${zeroCondition}` : label;
}

function choiceLabel({ facet, value }: Choice, { providerNames }: SearchResult, words: SearchWords): string {
  switch (facet) {
    case 'access':
      return accessLabels[value]?.label ?? value;
    case 'cpf':
      return cpfAnswerWords[cpfAnswers.find((one) => one === value) ?? 'indecidable'];
    case 'provider':
      return providerNames.get(value) ?? value;
    case 'language':
      return languageName(value);
    case 'level':
      return levelName(value, words.bands);
    case 'competence':
      return competenceLabel(value, words.competences);
  }
}

function competenceLabel(code: string, competences: readonly DigcompCompetence[]): string {
  const found = competences.find((one) => one.code === code);
  return found === undefined ? 'Compétence non communiquée' : `${code} ${found.fr}`;
}

function groupsOf(result: SearchResult, words: SearchWords): readonly Group[] {
  const { facets } = result;
  const options = (facet: FacetName, values: readonly FacetValue[]) =>
    values.map((one) => optionOf(one, choiceLabel({ facet, value: one.value }, result, words)));
  const access = everyValue(accessOrder, facets.access);
  const providers = [...facets.provider].sort((a, b) => Number(b.selected) - Number(a.selected) || b.count - a.count);
  const groups: readonly (Omit<Group, 'parameter' | 'open' | 'note'> & { facet: FacetName; note?: string })[] = [
    {
      title: "Pour les demandeurs d'emploi",
      facet: 'access',
      options: options(
        'access',
        access.filter(({ value }) => forJobSeekers.includes(value)),
      ),
    },
    {
      title: 'Prix',
      facet: 'access',
      options: options(
        'access',
        access.filter(({ value }) => !forJobSeekers.includes(value)),
      ),
    },
    {
      title: cpfHeading,
      facet: 'cpf',
      options: options('cpf', everyValue<CpfAnswer>(['oui', 'indecidable', 'non'], facets.cpf)),
    },
    { title: 'Niveau', facet: 'level', options: options('level', everyValue<Band>(bands, facets.level)) },
    { title: 'Langue', facet: 'language', options: options('language', facets.language) },
    {
      title: 'Organisme',
      facet: 'provider',
      options: options('provider', providers.slice(0, shownProviders)),
      ...(providers.length > shownProviders
        ? { note: `Les ${shownProviders} premiers sur ${number(providers.length)}.` }
        : {}),
    },
    {
      title: 'Compétence',
      facet: 'competence',
      options: options(
        'competence',
        everyValue(
          words.competences.map(({ code }) => code),
          facets.competence,
        ),
      ),
    },
  ];
  return groups
    .filter((group) => group.options.length > 0)
    .map(({ title, facet, options, note }, position) => ({
      title,
      parameter: facetParameters[facet],
      open: position < 4 || options.some(({ checked }) => checked),
      options,
      note: note ?? null,
    }));
}

/** Known values in their own order, without result included, then those only the index knows. */
function everyValue<Value extends string>(
  known: readonly Value[],
  found: readonly FacetValue[],
): readonly FacetValue[] {
  const own = known.map((value) => found.find((one) => one.value === value) ?? { value, count: 0, selected: false });
  return [...own, ...found.filter(({ value }) => !known.some((one) => one === value))];
}

function optionOf({ value, count: found, selected }: FacetValue, label: string): Option {
  return {
    value,
    label,
    condition: accessLabels[value]?.condition ?? null,
    count: number(found),
    checked: selected,
    // A chosen value stays usable: it must be possible to take it back.
    empty: found === 0 && !selected,
  };
}

function emptinessOf(result: SearchResult, label: (choice: Choice) => string): Emptiness {
  const { request, proposals, pathways, summary } = result;
  const date = summary.newestHarvest;
  return {
    proposals: proposals.map((proposal) => proposalLink(proposal, request, label)),
    nothingNear:
      proposals.length > 0 || pathways.length > 0 || date === null
        ? null
        : french(
            `Nous n'avons rien trouvé de proche. Vos mots ont été cherchés dans ${count(summary.published, 'cours', 'cours')}, relevés le ${shortDate(date)}.`,
          ),
  };
}

function proposalLink(proposal: Proposal, request: SearchRequest, label: (choice: Choice) => string): Link {
  const given = count(proposal.count, 'cours', 'cours');
  switch (proposal.kind) {
    case 'without':
      return {
        text: french(`Sans le filtre « ${label(proposal.choice)} » : ${given}`),
        href: searchAddress(withoutChoice(request, proposal.choice)),
      };
    case 'without-nothing-to-pay':
      return {
        text: french(`Sans le filtre « ${nothingToPayLabel} » : ${given}`),
        href: searchAddress({ ...request, nothingToPay: false, page: 1 }),
      };
    case 'without-filters':
      return {
        text: french(`Sans aucun filtre : ${given}`),
        href: searchAddress({ ...request, filters: {}, page: 1 }),
      };
    case 'subject':
      return {
        text: french(`Sujets proches : ${proposal.words} (${number(proposal.count)})`),
        href: searchAddress({ ...emptyRequest, q: proposal.words, answers: request.answers }),
      };
  }
}
