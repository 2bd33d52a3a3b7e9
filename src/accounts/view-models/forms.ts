/** The words of what is refused in a form of accounts. */
import { longestPassword, type PasswordFault, shortestPassword } from '../model/password.ts';

export const passwordHint = `${shortestPassword} caractères au moins. Le plus sûr : quatre mots sans rapport entre eux.`;

export const passwordSentences: Readonly<Record<PasswordFault, string>> = {
  'too-short': `Choisissez un mot de passe de ${shortestPassword} caractères au moins.`,
  'too-long': `Choisissez un mot de passe de ${longestPassword} caractères au plus.`,
  common: 'Ce mot de passe est trop courant : choisissez-en un autre.',
  'own-address': 'Ce mot de passe est votre adresse : choisissez-en un autre.',
};

export const emailSentence = 'Écrivez une adresse e-mail complète, par exemple : nom@exemple.fr.';
