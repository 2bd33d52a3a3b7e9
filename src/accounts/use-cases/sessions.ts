/** The open sessions of the person who asks. */
import { AppError } from '../../errors.ts';
import { type Actor, requireRight } from '../../rights.ts';
import type { AccountParts } from '../use-cases.ts';

export function makeOwnSessions({ sessions, audit }: Pick<AccountParts, 'sessions' | 'audit'>) {
  function ownId(actor: Actor): string {
    requireRight(actor, 'account:own');
    if (actor.accountId === null) throw new AppError('unauthenticated', 'CONNEXION_REQUISE', 'Connectez-vous.');
    return actor.accountId;
  }

  return {
    async list(actor: Actor) {
      return sessions.list(ownId(actor));
    },

    /** One that is not the person's own does not exist for them. @throws AppError `not-found` */
    async revoke(actor: Actor, sessionId: string): Promise<void> {
      const accountId = ownId(actor);
      if (!(await sessions.revoke(accountId, sessionId))) {
        throw new AppError('not-found', 'SESSION_INCONNUE', 'Cette connexion est déjà fermée.');
      }
      await audit.record({ actor: accountId, act: 'session.revoked', target: accountId });
    },

    async revokeOthers(actor: Actor, currentId: string): Promise<void> {
      const accountId = ownId(actor);
      await sessions.revokeAll(accountId, currentId);
      await audit.record({ actor: accountId, act: 'session.others-revoked', target: accountId });
    },
  };
}
