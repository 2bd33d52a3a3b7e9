/** Certifications as the pages of courses and pathways print them: from the register, by the code asked. */
import type { Certification } from '../model/reference.ts';
import type { Register, RegisterRecord } from './model.ts';

/** Those that the register does not hold are absent: « état inconnu ». */
export async function certificationsShown(
  register: Pick<Register, 'certifications'>,
  codes: readonly string[],
): Promise<ReadonlyMap<string, Certification>> {
  const records = await register.certifications(codes);
  return new Map([...records].map(([code, record]) => [code, certificationOfRecord(record)]));
}

function certificationOfRecord(record: RegisterRecord): Certification {
  const { code, title, shortType, level, digital, active, endOfRegistration, seen } = record;
  return {
    code,
    title,
    kind: shortType === null ? null : shortType.label || shortType.code,
    level,
    certifiers: record.certifiers.filter(({ state }) => state !== 'inactif').map(({ name }) => name),
    digital,
    active,
    endOfRegistration,
    registerDate: seen?.to ?? null,
    verified: 'register',
    replacedBy: [...record.replacedBy],
    rome: record.rome.map((one) => one.code),
    formacodes: record.formacodes.map((one) => one.code),
    blocks: [...record.blocks],
  };
}
