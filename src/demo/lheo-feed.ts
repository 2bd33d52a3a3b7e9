/** LHÉO 2.2 and 2.3, as a French training body exports it. */
import type { DemoCourse, DemoSession } from './courses.ts';
import type { Partner } from './data.ts';

/** What a record says, before it is written: the dirty records change some of it. */
export interface LheoOffer {
  readonly number: string;
  readonly title: string;
  readonly about: string;
  readonly course: DemoCourse;
  readonly siret: string;
  /** `prix-total-TTC`; null leaves it out. */
  readonly price: string | null;
  readonly sessions: readonly LheoSession[];
}

interface LheoSession {
  readonly start: string;
  readonly end: string;
  readonly enrolmentStart: string | null;
  readonly enrolmentEnd: string | null;
  readonly state: DemoSession['state'];
}

export function lheoOffer(course: DemoCourse, partner: Partner): LheoOffer {
  return {
    number: course.id,
    title: course.title,
    about: course.about,
    course,
    siret: partner.siret ?? '',
    price: course.price === 'unknown' ? null : course.price === 'all-free' ? '0' : `${course.amount},00`,
    sessions: course.sessions.map(({ dates, state }) =>
      dates === null
        ? { start: '00000000', end: '99999999', enrolmentStart: null, enrolmentEnd: null, state }
        : {
            start: compact(dates.start),
            end: compact(dates.end),
            enrolmentStart: compact(dates.enrolmentStart),
            enrolmentEnd: compact(dates.enrolmentEnd),
            state,
          },
    ),
  };
}

/** The whole document. Version 2.2 is written in ISO-8859-1, as many exports still are; 2.3 in UTF-8. */
export function lheoDocument(offers: readonly LheoOffer[], partner: Partner): Buffer {
  const isOld = partner.format === 'lheo-2.2';
  const encoding = isOld ? 'ISO-8859-1' : 'UTF-8';
  const namespace = isOld ? 'http://www.lheo.org/2.2' : 'http://lheo.gouv.fr/2.3';
  const body = offers.map((offer) => formation(offer, partner)).join('\n');
  const document = `<?xml version="1.0" encoding="${encoding}"?>\n<lheo xmlns="${namespace}">\n<offres>\n${body}\n</offres>\n</lheo>\n`;
  return isOld ? Buffer.from(withReferences(document), 'latin1') : Buffer.from(document, 'utf8');
}

/** Characters that ISO-8859-1 lacks (’, œ, €) become numeric references. */
function withReferences(text: string): string {
  return [...text].map((char) => ((char.codePointAt(0) ?? 0) > 0xff ? `&#${char.codePointAt(0)};` : char)).join('');
}

const levelCodes: Readonly<Record<string, string>> = {
  RNCP37488: '14',
  RNCP37674: '15',
  RNCP37873: '16',
  RNCP35419: '17',
};

function formation(offer: LheoOffer, partner: Partner): string {
  const { theme } = offer.course;
  const { certification } = theme;
  const register = certification?.startsWith('RNCP') ? 'RNCP' : 'RS';
  const certified =
    certification === undefined
      ? ''
      : `<certification>${element(`code-${register}`, certification.replace(/^\D+/, ''))}</certification>`;
  const levelCode = certification === undefined ? undefined : levelCodes[certification];
  return `<formation numero="F-${escaped(offer.number)}">
<domaine-formation><code-FORMACODE ref="V14" tag="principal">${theme.formacode}</code-FORMACODE></domaine-formation>
${element('intitule-formation', offer.title)}
${element('objectif-formation', theme.goals.map((goal) => `${goal}.`).join(' '))}
${element('resultats-attendus', 'Attestation de fin de formation.')}
<contenu-formation><![CDATA[${offer.about}]]></contenu-formation>
${element('certifiante', certification === undefined ? '0' : '1')}
<contact-formation><coordonnees>${element('courriel', `bonjour@${new URL(partner.homepage).host}`)}</coordonnees></contact-formation>
${element('parcours-de-formation', '1')}
${element('code-niveau-entree', '0')}
${element('objectif-general-formation', certification === undefined ? '7' : '6')}
${certified}
${levelCode === undefined ? '' : element('code-niveau-sortie', levelCode)}
<url-formation>${element('urlweb', offer.course.url)}</url-formation>
${action(offer, partner)}
<organisme-formation-responsable>
${element('numero-activite', partner.activityNumber ?? '')}
<SIRET-organisme-formation>${element('SIRET', offer.siret)}</SIRET-organisme-formation>
${element('nom-organisme', partner.name)}
${element('raison-sociale', partner.name)}
<coordonnees-organisme><coordonnees><web>${element('urlweb', partner.homepage)}</web></coordonnees></coordonnees-organisme>
</organisme-formation-responsable>
</formation>`;
}

const teachingCodes = { onsite: '0', blended: '1', remote: '2' } as const;

function action({ number, course, price, sessions }: LheoOffer, partner: Partner): string {
  const isAlways = course.sessions.some(({ dates }) => dates === null);
  const isFunded = course.price === 'funded';
  const funding = isFunded
    ? element(
        'detail-conditions-prise-en-charge',
        'Action conventionnée : financée par la région pour les personnes inscrites à France Travail.',
      ) + element('conventionnement', '1')
    : '';
  const place =
    course.city === null
      ? ''
      : `<lieu-de-formation><coordonnees>${element('denomination', partner.name)}<adresse>${element('codepostal', course.city.postalCode)}${element('ville', course.city.name)}</adresse></coordonnees></lieu-de-formation>`;
  return `<action numero="A-${escaped(number)}">
${element('rythme-formation', course.theme.hours > 100 ? 'Temps plein' : 'Temps partiel')}
${element('code-public-vise', '82056')}
${element('niveau-entree-obligatoire', '0')}
${element('modalites-enseignement', teachingCodes[course.where])}
${element('conditions-specifiques', 'Entretien préalable pour situer ses acquis.')}
${element('prise-en-charge-frais-possible', isFunded || course.theme.certification !== undefined ? '1' : '0')}
${place}
${element('modalites-entrees-sorties', isAlways ? '1' : '0')}
<url-action>${element('urlweb', course.url)}</url-action>
${sessions.map((session, index) => sessionElement(session, `S-${number}-${index + 1}`)).join('\n')}
${element('acces-handicapes', 'Locaux accessibles ; un référent adapte le parcours sur demande.')}
${element('langue-formation', course.theme.language)}
${isFunded ? element('frais-restants', '0') : ''}
${price === null ? '' : element('prix-total-TTC', price)}
${price === null || course.theme.certification === undefined ? '' : feesIncluded}
${element('duree-indicative', `${course.weeks} semaines`)}
${element('nombre-heures-total', String(course.theme.hours))}
${funding}
</action>`;
}

const feesIncluded =
  '<extras info="action"><extras info="frais-pedagogiques"><extra info="frais-certif-inclus-frais-anpec">1</extra></extras></extras>';

const recruitmentCodes = { open: '1', coming: '3', closed: '2' } as const;

function sessionElement(session: LheoSession, number: string): string {
  const { enrolmentStart, enrolmentEnd } = session;
  const enrolment =
    enrolmentStart === null || enrolmentEnd === null
      ? ''
      : `<periode-inscription>${period(enrolmentStart, enrolmentEnd)}</periode-inscription>`;
  return `<session numero="${escaped(number)}">${period(session.start, session.end)}${enrolment}${element('etat-recrutement', recruitmentCodes[session.state])}</session>`;
}

function period(start: string, end: string): string {
  return `<periode>${element('debut', start)}${element('fin', end)}</periode>`;
}

function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** `YYYYMMDD`. */
function compact(date: Date): string {
  return date.toISOString().slice(0, 10).replaceAll('-', '');
}
