/** The certifications that ship with the platform, as records of the register. */
import type { Certification } from '../../model/reference.ts';
import type { RegisterRecord } from '../model.ts';

export function recordOfSample(certification: Certification): RegisterRecord {
  const { code, title, kind, level, active, endOfRegistration, registerDate, digital } = certification;
  return {
    code,
    register: code.startsWith('RS') ? 'RS' : 'RNCP',
    title,
    shortType: kind === null ? null : { code: '', label: kind },
    level,
    active,
    endOfRegistration,
    lastDelivery: null,
    effectiveFrom: null,
    decidedOn: null,
    registration: null,
    recordState: null,
    blocks: certification.blocks,
    rome: certification.rome.map((rome) => ({ code: rome, label: '' })),
    nsf: [],
    formacodes: certification.formacodes.map((formacode) => ({ code: formacode, label: '' })),
    certifiers: certification.certifiers.map((name) => ({ name, siret: null, state: null })),
    hasPartners: null,
    replacedBy: certification.replacedBy,
    replaces: [],
    digital,
    seen: registerDate === null ? null : { from: registerDate, to: registerDate },
  };
}
