/** The bar of the space of training providers: one for all its pages, with links to what exists. */
import { type FieldErrors, formPage, inSpace } from '../../platform/web/forms.ts';

export const homePath = '/fournisseur';
export const registrationPath = '/fournisseur/inscription';
export const wayInPath = '/fournisseur/inscription/acces';
export const checkPath = '/fournisseur/verifier';

export const providerLinks = [
  { label: 'Sources', href: homePath },
  { label: 'Vérifier un catalogue', href: checkPath },
] as const;

/** @param organisation named in the bar; null where there are several, or none yet */
export function providerPage(title: string, here: string, organisation: string | null, errors: FieldErrors = {}) {
  return { ...formPage(title, errors, inSpace(providerLinks, here)), organisation };
}
