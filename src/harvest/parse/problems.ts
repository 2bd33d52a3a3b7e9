/**
 * The error lines of a record, in the words a provider reads. Each function gives `{ code, field, value, message }`,
 * the shape of `Problem` in harvest/connector.ts. `E_…` quarantines the record, `AV_…` only warns.
 */

interface ProblemLine {
  readonly code: string;
  readonly field: string;
  readonly value: unknown;
  /** French. */
  readonly message: string;
}

/** A value as it is quoted in a sentence: short, on one line. */
function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function kept(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, 200) : value;
}

export function missingField(field: string): ProblemLine {
  return {
    code: 'E_CHAMP_MANQUANT',
    field,
    value: null,
    message: `Le champ ${field} est obligatoire et il est vide.`,
  };
}

export function fieldTooLong(field: string, value: string, max: number): ProblemLine {
  const message = `Le champ ${field} compte ${value.length} caractères, ${max} au plus.`;
  return { code: 'E_CHAMP_TROP_LONG', field, value: kept(value), message };
}

/** `expected` completes « nous attendons … ». */
export function badField(field: string, value: unknown, expected: string): ProblemLine {
  const message = `Le champ ${field} contient « ${quoted(value)} », nous attendons ${expected}.`;
  return { code: 'E_FORMAT_CHAMP', field, value: kept(value), message };
}

export function unreadableDate(field: string, value: unknown): ProblemLine {
  const message = `Nous ne pouvons pas lire la date « ${quoted(value)} ».`;
  return { code: 'E_DATE_ILLISIBLE', field, value: kept(value), message };
}

export function unreadablePrice(field: string, value: unknown): ProblemLine {
  const message = `Nous ne pouvons pas lire le prix « ${quoted(value)} ».`;
  return { code: 'E_PRIX_ILLISIBLE', field, value: kept(value), message };
}

export function refusedUrl(field: string, value: unknown): ProblemLine {
  const message = `L'adresse ${quoted(value)} n'est pas une adresse web publique.`;
  return { code: 'E_URL_REFUSEE', field, value: kept(value), message };
}

/** `cause` is the one of `parseSiret`. */
export function invalidSiret(field: string, value: unknown, cause: string): ProblemLine {
  const message = `Le SIRET ${quoted(value)} est refusé : ${cause}.`;
  return { code: 'E_SIRET_INVALIDE', field, value: kept(value), message };
}

export function invalidActivityNumber(field: string, value: unknown): ProblemLine {
  const message = 'Le numéro de déclaration doit compter 11 chiffres.';
  return { code: 'E_NDA_INVALIDE', field, value: kept(value), message };
}

export function ambiguousCertification(field: string, value: unknown): ProblemLine {
  return {
    code: 'E_CERTIFICATION_AMBIGUE',
    field,
    value: kept(value),
    message: `${quoted(value)} : précisez RNCP ou RS.`,
  };
}

/** Warning: both dates are shown as unknown. */
export function reversedDates(field: string, start: string, end: string): ProblemLine {
  const message = `La fin (${end.slice(0, 10)}) précède le début (${start.slice(0, 10)}).`;
  return { code: 'AV_DATES_INVERSEES', field, value: { start, end }, message };
}

/** Warning: the language is shown as unknown. */
export function unknownLanguage(field: string, value: unknown): ProblemLine {
  const message = `Nous ne reconnaissons pas la langue « ${quoted(value)} ».`;
  return { code: 'AV_LANGUE_INCONNUE', field, value: kept(value), message };
}

/** Warning: the text is kept, the duration is unknown. */
export function unreadableDuration(field: string, value: unknown): ProblemLine {
  const message = `Nous ne pouvons pas lire la durée « ${quoted(value)} ».`;
  return { code: 'AV_DUREE_ILLISIBLE', field, value: kept(value), message };
}
