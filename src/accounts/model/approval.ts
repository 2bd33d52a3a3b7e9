/** A funder organisation is checked by an operator before it may act: what is asked, what is decided. */
import { AppError } from '../../errors.ts';
import { freeText } from '../../nir.ts';
import type { Approval, Organisation } from '../model.ts';

/** Owner of the organisation's files, in `platform/files.ts`. */
export const filesOf = (organisationId: string) => `organisation:${organisationId}`;

/** What its owner says of it; may be empty. */
export const statementSchema = freeText({ max: 1_000 });
export const reasonSchema = freeText({ max: 1_000 }).min(
  10,
  'Écrivez la raison du refus : la personne doit pouvoir corriger.',
);

/** Only a funder is checked, and only an accepted one acts. */
export function isActive({ kind, approval }: Pick<Organisation, 'kind' | 'approval'>): boolean {
  return kind === 'provider' || approval?.state === 'accepted';
}

export function waitingSince(at: Date): Approval {
  return { state: 'waiting', at, statement: '', sentBy: null, reason: null };
}

export function accepted(at: Date): Approval {
  return { ...waitingSince(at), state: 'accepted' };
}

/** The check that its owner may still ask for. @throws AppError `conflict` when there is nothing to ask */
export function pendingApproval({ kind, approval }: Organisation): Approval {
  if (kind !== 'funder' || approval === null || approval.state === 'accepted') {
    throw new AppError('conflict', 'DEMANDE_SANS_OBJET', "Cet organisme n'attend pas de vérification.");
  }
  return approval;
}

/** Asked, or asked again after a refusal; who waits already keeps the place. */
export function asked(
  organisation: Organisation,
  { statement, by, at }: { readonly statement: string; readonly by: string; readonly at: Date },
): Approval {
  const before = pendingApproval(organisation);
  return { state: 'waiting', at: before.state === 'waiting' ? before.at : at, statement, sentBy: by, reason: null };
}

/** @param reason of a refusal; null accepts. @throws AppError `conflict` when somebody else has decided meanwhile */
export function decided({ approval }: Organisation, reason: string | null, at: Date): Approval {
  if (approval?.state !== 'waiting') {
    throw new AppError('conflict', 'DEMANDE_TRANCHEE', "Cet organisme n'attend plus de décision. Rouvrez la liste.");
  }
  // What was asked has served; after a refusal it is corrected from there.
  return reason === null ? accepted(at) : { ...approval, state: 'refused', at, reason };
}

/** Whoever sent the request is erased: so is what they wrote. */
export function withoutSender(approval: Approval): Approval {
  return { ...approval, statement: '', sentBy: null };
}
