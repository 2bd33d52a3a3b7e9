/**
 * What one offer says, still in the partner's words: the three shapes of LHÉO brought to one, before anything is read as a
 * date, a price or a code. `field` is the place a provider would look at to correct it.
 */
import { childAt, childrenOf, textAt, type XmlElement } from '../../src/platform/read-xml.ts';
import type { LaBonneFormation } from './record.ts';

export interface Said {
  readonly field: string;
  readonly value: string;
}

export interface OfferPlace {
  readonly name: string;
  readonly postalCode: string;
  readonly city: string;
  readonly latitude: string;
  readonly longitude: string;
}

export interface OfferSession {
  readonly id: string;
  readonly start: Said;
  readonly end: Said;
  readonly enrolmentStart: Said;
  readonly enrolmentEnd: Said;
  readonly recruitment: string;
  readonly place: OfferPlace | undefined;
}

/** '' stands for what is not said; the placeholder `-` of LHÉO counts as ''. */
export interface Offer {
  /** The ids that the record cannot do without. */
  readonly ids: readonly Said[];
  readonly title: Said;
  /** HTML, or text. */
  readonly descriptions: readonly string[];
  /** In order of preference. */
  readonly urls: readonly Said[];
  readonly provider: { readonly name: Said; readonly url: string; readonly siret: Said; readonly activityNumber: Said };
  readonly languages: readonly string[];
  readonly levelCode: string;
  /** Alternatives, in order of preference; the values of one are added. */
  readonly hours: readonly (readonly Said[])[];
  readonly hoursPerWeek: string;
  readonly pace: string;
  readonly duration: Said;
  readonly price: Said;
  /** The fees of the certification, exam included, are in the price. */
  readonly feesIncluded: boolean;
  readonly funding: { readonly isAgreed: boolean; readonly leftToPay: string; readonly words: string };
  readonly certifications: readonly {
    readonly kind: 'RNCP' | 'RS' | 'CPF' | 'CERTIFINFO';
    readonly code: Said;
  }[];
  readonly subjects: readonly { readonly scheme: 'FORMACODE' | 'NSF' | 'ROME'; readonly code: string }[];
  readonly modality: string;
  readonly isAlwaysOpen: boolean;
  readonly sessions: readonly OfferSession[];
  readonly prerequisites: string;
  readonly equipment: string;
  readonly accessibility: string;
  readonly updated: string;
}

function word(text: string | undefined): string {
  return text === undefined || text === '-' ? '' : text;
}

function said(element: XmlElement | undefined, ...path: readonly string[]): Said {
  return { field: path.join('/'), value: element === undefined ? '' : word(textAt(element, ...path)) };
}

/** The number of an element, or its id: the XSD allows both. */
export function numberOf(element: XmlElement): string {
  return element.attributes?.numero ?? element.attributes?.id ?? '';
}

/** One `action` of a `formation`. */
export function offerOfAction(formation: XmlElement, action: XmlElement): Offer {
  const school = childAt(formation, 'organisme-formation-responsable');
  const sessions = childrenOf(action, 'session');
  const place = placeOf(childAt(action, 'lieu-de-formation', 'coordonnees'));
  const ids = [
    { field: 'formation/@numero', value: numberOf(formation) },
    { field: 'action/@numero', value: numberOf(action) },
  ];
  const { title, descriptions, certifications, subjects } = offerOf(formation);
  const conditions = conditionsOf(action);
  const schoolUrl = said(school, 'coordonnees-organisme', 'coordonnees', 'web', 'urlweb');
  // Field by field: spreading both parts into one object is slower, and every record passes here.
  return {
    ids,
    title,
    descriptions,
    certifications,
    subjects,
    urls: [
      ...sessions.flatMap((session) => addresses(session, 'url-session')),
      ...addresses(action, 'url-action'),
      ...addresses(formation, 'url-formation'),
      schoolUrl,
    ],
    provider: {
      name: schoolName(school),
      url: schoolUrl.value,
      siret: said(school, 'SIRET-organisme-formation', 'SIRET'),
      activityNumber: said(school, 'numero-activite'),
    },
    languages: conditions.languages,
    levelCode: word(textAt(formation, 'code-niveau-sortie')),
    hours: conditions.hours,
    hoursPerWeek: conditions.hoursPerWeek,
    pace: conditions.pace,
    duration: conditions.duration,
    price: conditions.price,
    feesIncluded: conditions.feesIncluded,
    funding: conditions.funding,
    modality: conditions.modality,
    isAlwaysOpen: conditions.isAlwaysOpen,
    sessions: sessions.map((session) => sessionOf(session, place)),
    prerequisites: conditions.prerequisites,
    equipment: conditions.equipment,
    accessibility: conditions.accessibility,
    updated: updatedOf(action) || updatedOf(formation),
  };
}

/** One `resume-offre`: a flat summary, completed by its `extras`. */
export function offerOfSummary(offer: XmlElement): Offer {
  const place: OfferPlace = {
    name: '',
    postalCode: word(textAt(offer, 'codepostal')),
    city: word(textAt(offer, 'ville')),
    latitude: extraOf(offer, 'latitude'),
    longitude: extraOf(offer, 'longitude'),
  };
  const common = conditionsOf(offer);
  return {
    ...offerOf(offer),
    ids: [{ field: 'resume-offre/@numero', value: numberOf(offer) }],
    urls: [
      ...addresses(offer, 'url-action'),
      ...addresses(offer, 'url-formation'),
      { field: 'resume-offre/@href', value: offer.attributes?.href ?? '' },
      { field: 'resume-offre/@file', value: offer.attributes?.file ?? '' },
    ],
    provider: {
      name: said(offer, 'nom-organisme'),
      url: '',
      siret: said(offer, 'SIRET'),
      activityNumber: said(offer, 'numero-activite'),
    },
    ...common,
    funding: { ...common.funding, isAgreed: common.funding.isAgreed || extraOf(offer, 'conventionnement') === '1' },
    levelCode: word(textAt(offer, 'code-niveau-sortie')) || extraOf(offer, 'code-niveau-sortie'),
    sessions: childrenOf(offer, 'session').map((session) => sessionOf(session, place)),
    updated: updatedOf(offer),
  };
}

/** What stands at the same place in a `formation` and in a `resume-offre`. */
function offerOf(element: XmlElement): Pick<Offer, 'title' | 'descriptions' | 'certifications' | 'subjects'> {
  const domain = childAt(element, 'domaine-formation');
  return {
    title: said(element, 'intitule-formation'),
    descriptions: [word(textAt(element, 'objectif-formation')), word(textAt(element, 'contenu-formation'))],
    certifications: childrenOf(element, 'certification').flatMap((certification) =>
      (['RNCP', 'RS', 'CPF', 'CERTIFINFO'] as const).map((kind) => ({
        kind,
        code: { field: `certification/code-${kind}`, value: word(textAt(certification, `code-${kind}`)) },
      })),
    ),
    subjects: (['FORMACODE', 'NSF', 'ROME'] as const).flatMap((scheme) =>
      childrenOf(domain, `code-${scheme}`).map(({ text = '' }) => ({ scheme, code: text })),
    ),
  };
}

/** What stands at the same place in an `action` and in a `resume-offre`. */
function conditionsOf(element: XmlElement) {
  return {
    languages: childrenOf(element, 'langue-formation').flatMap(({ text }) => word(text) || []),
    hours: [
      [said(element, 'nombre-heures-total')],
      [said(element, 'nombre-heures-centre'), said(element, 'nombre-heures-entreprise')],
    ],
    hoursPerWeek: '',
    pace: word(textAt(element, 'rythme-formation')),
    duration: said(element, 'duree-indicative'),
    price: said(element, 'prix-total-TTC'),
    feesIncluded: extraOf(element, 'frais-certif-inclus-frais-anpec') === '1',
    funding: {
      isAgreed: textAt(element, 'conventionnement') === '1',
      leftToPay: word(textAt(element, 'frais-restants')),
      words: word(textAt(element, 'detail-conditions-prise-en-charge')),
    },
    modality: textAt(element, 'modalites-enseignement'),
    isAlwaysOpen: textAt(element, 'modalites-entrees-sorties') === '1',
    prerequisites: word(textAt(element, 'conditions-specifiques')),
    equipment: childrenOf(element, 'equipement')
      .flatMap(({ text }) => word(text) || [])
      .join('\n'),
    accessibility: word(textAt(element, 'acces-handicapes')),
  };
}

function sessionOf(session: XmlElement, place: OfferPlace | undefined): OfferSession {
  const enrolment = childAt(session, 'periode-inscription', 'periode');
  return {
    id: numberOf(session),
    start: { field: 'session/periode/debut', value: textAt(session, 'periode', 'debut') },
    end: { field: 'session/periode/fin', value: textAt(session, 'periode', 'fin') },
    enrolmentStart: { ...said(enrolment, 'debut'), field: 'session/periode-inscription/periode/debut' },
    enrolmentEnd: { ...said(enrolment, 'fin'), field: 'session/periode-inscription/periode/fin' },
    recruitment: textAt(session, 'etat-recrutement'),
    place,
  };
}

function placeOf(contact: XmlElement | undefined): OfferPlace | undefined {
  if (contact === undefined) return undefined;
  const name = word(textAt(contact, 'ligne')) || word(textAt(contact, 'denomination'));
  return {
    name,
    postalCode: word(textAt(contact, 'adresse', 'codepostal')),
    city: word(textAt(contact, 'adresse', 'ville')),
    latitude: textAt(contact, 'adresse', 'geolocalisation', 'latitude'),
    longitude: textAt(contact, 'adresse', 'geolocalisation', 'longitude'),
  };
}

function schoolName(school: XmlElement | undefined): Said {
  const name = said(school, 'nom-organisme');
  return name.value === '' ? { ...name, value: said(school, 'raison-sociale').value } : name;
}

function addresses(element: XmlElement, name: string): Said[] {
  return childrenOf(childAt(element, name), 'urlweb').map(({ text }) => ({ field: name, value: word(text) }));
}

function updatedOf(element: XmlElement): string {
  return element.attributes?.['horodatage-modification'] ?? element.attributes?.datemaj ?? '';
}

/** `extras` nest in any way: the first `extra` of that name, wherever it is below the element. */
function extraOf(element: XmlElement, info: string): string {
  for (const child of element.children ?? []) {
    if (child.name === 'extra' && child.attributes?.info === info) return word(child.text);
    const below = child.name === 'extras' ? extraOf(child, info) : '';
    if (below !== '') return below;
  }
  return '';
}

type Scalar = string | number | boolean | null | undefined;

function text(value: Scalar): string {
  return value === null || value === undefined ? '' : word(String(value).trim());
}

/** One document of LaBonneFormation: LHÉO with shorter names; a formation, its school and its sessions. */
export function offerOfLaBonneFormation(document: LaBonneFormation): Offer {
  const sessions = document.sessions ?? [];
  const hours = new Set(sessions.map((session) => text(session['nombre-heures-total'])));
  const [sameHours = ''] = hours.size === 1 ? hours : [];
  const schoolUrl = text(document.organisme?.contact?.url);
  return {
    ids: [{ field: 'id', value: text(document.id) || text(document.uid) }],
    title: { field: 'intitule', value: text(document.intitule) },
    descriptions: [text(document.objectif), text(document.description)],
    urls: [{ field: 'organisme.contact.url', value: schoolUrl }],
    provider: {
      name: { field: 'organisme.nom', value: text(document.organisme?.nom) },
      url: schoolUrl,
      siret: { field: 'organisme.siret', value: text(document.organisme?.siret) },
      activityNumber: { field: 'organisme.numero-activite', value: '' },
    },
    languages: [],
    levelCode: text(document['niveau-sortie']),
    hours: [[{ field: 'sessions.nombre-heures-total', value: sameHours }]],
    hoursPerWeek: text(document['duree-hebdomadaire']),
    pace: '',
    duration: { field: 'duree-indicative', value: '' },
    price: { field: 'prix-total-TTC', value: '' },
    feesIncluded: false,
    funding: { isAgreed: false, leftToPay: '', words: '' },
    certifications: [
      { kind: 'RNCP', code: { field: 'code-rncp', value: text(document['code-rncp']) } },
      { kind: 'CERTIFINFO', code: { field: 'code-certifinfo', value: text(document['code-certifinfo']) } },
    ],
    subjects: [
      ...(document['codes-formacode'] ?? []).map((code) => ({ scheme: 'FORMACODE' as const, code: text(code) })),
      ...(document['codes-rome-vises'] ?? []).map((code) => ({ scheme: 'ROME' as const, code: text(code) })),
    ],
    modality: text(document['modalite-enseignement']),
    isAlwaysOpen: text(document['entrees-sorties-permanentes']) === 'true',
    sessions: sessions.map((session) => ({
      id: text(session.id),
      start: { field: 'sessions.debut', value: text(session.debut) },
      end: { field: 'sessions.fin', value: text(session.fin) },
      enrolmentStart: { field: 'sessions.debut-inscription', value: '' },
      enrolmentEnd: { field: 'sessions.fin-inscription', value: '' },
      recruitment: '',
      place: jsonPlaceOf(session.localisation?.formation),
    })),
    prerequisites: '',
    equipment: '',
    accessibility: '',
    updated: '',
  };
}

type JsonPlace = NonNullable<NonNullable<LaBonneFormation['sessions']>[number]['localisation']>['formation'];

function jsonPlaceOf(place: JsonPlace): OfferPlace | undefined {
  if (place === null || place === undefined) return undefined;
  return {
    name: text(place.adresse),
    postalCode: text(place['code-postal']),
    city: text(place.ville),
    latitude: text(place.latitude),
    longitude: text(place.longitude),
  };
}
