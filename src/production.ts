/**
 * What a production server refuses to start with. Everything at once, each sentence saying which setting to change, so
 * that an operator needs one try and not six. Development starts with nothing set.
 */
import type { Config } from './config.ts';
import { AppError } from './errors.ts';
import { parseKey } from './platform/secrets.ts';

export type ProductionSettings = Pick<Config, 'environment' | 'publicUrl' | 'demo' | 'contact' | 'legal'> & {
  /** As configured. */
  readonly secretKey: string | null;
  /** Told explicitly that cookies may travel without https. */
  readonly insecureCookies: boolean;
};

/** French, one sentence each; empty when the server may start. */
export function productionProblems(settings: ProductionSettings): readonly string[] {
  if (settings.environment !== 'production') return [];
  const { publicUrl, secretKey, demo, contact, legal } = settings;
  const problems: string[] = [];
  if (demo) {
    problems.push(
      'DEMO doit valoir false : les comptes de démonstration ont un mot de passe que tout le monde connaît',
    );
  }
  if (legal.publisher === null) problems.push("LEGAL_PUBLISHER manque : le nom et l'adresse de l'éditeur du site");
  if (legal.host === null) problems.push("LEGAL_HOST manque : le nom et l'adresse de l'hébergeur");
  if (contact.email === null && contact.url === null) {
    problems.push('CONTACT_EMAIL ou CONTACT_URL manque : à qui une personne s’adresse pour ses données');
  }
  if (secretKey === null) {
    problems.push('SECRET_KEY manque : 32 octets tirés au hasard, par exemple « openssl rand -hex 32 »');
  } else {
    problems.push(...keyProblems(secretKey));
  }
  if (publicUrl?.startsWith('https:') !== true && !settings.insecureCookies) {
    problems.push(
      'PUBLIC_URL doit être une adresse https:// : sans elle les cookies de connexion voyagent en clair (INSECURE_COOKIES=true accepte ce risque)',
    );
  }
  return problems;
}

/** @throws AppError `invalid` that lists every refusal; no value is repeated */
export function assertProductionIsSafe(settings: ProductionSettings): void {
  const problems = productionProblems(settings);
  if (problems.length === 0) return;
  const message = `Démarrage en production refusé. ${problems.join(' ; ')}. Voir .env.example.`;
  throw new AppError('invalid', 'PRODUCTION', message, { details: problems });
}

/** Typed by hand, too short, or an example: secrets.ts says. */
function keyProblems(secretKey: string): readonly string[] {
  try {
    parseKey(secretKey);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [error.publicMessage.replace(/\.$/, '')];
  }
}
