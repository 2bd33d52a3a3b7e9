/** Whether a certification is about digital skills, by the codes of its subject. */
import type { FormacodeData } from '../../model/reference.ts';
import type { RegisterRecord } from '../model.ts';

/** null: the record has no such code. */
export function digitalBySubject(
  { nsf, formacodes }: Pick<RegisterRecord, 'nsf' | 'formacodes'>,
  { digitalDomains, nsfPrefixes }: Pick<FormacodeData, 'digitalDomains' | 'nsfPrefixes'>,
): boolean | null {
  if (nsf.length === 0 && formacodes.length === 0) return null;
  return (
    nsf.some(({ code }) => nsfPrefixes.some((prefix) => code.startsWith(prefix))) ||
    formacodes.some(({ code }) => digitalDomains.some((domain) => code.startsWith(domain)))
  );
}
