/** From a session to who acts. */
import { type Actor, type Role, rolesOfMemberships, rolesWithOneTimeCode } from '../../rights.ts';
import type { Account } from '../model.ts';
import type { AccountParts } from '../use-cases.ts';

/** @param seen keeps the account of an actor for the pages that show it, as long as the request that it acts for */
export function makeActors(
  { accounts, membershipsOf }: Pick<AccountParts, 'accounts' | 'membershipsOf'>,
  seen: WeakMap<Actor, Account> = new WeakMap(),
) {
  return {
    /** Null when the session is over: no such account, or its rights have changed since. */
    async actorFor(session: {
      readonly accountId: string;
      readonly rightsVersion: number;
      readonly strong: boolean;
    }): Promise<Actor | null> {
      const { accountId, rightsVersion, strong } = session;
      const [account, memberships] = await Promise.all([accounts.byId(accountId), membershipsOf(accountId)]);
      if (account === null || account.rightsVersion !== rightsVersion) return null;
      const roles: Role[] = ['learner', ...account.roles, ...rolesOfMemberships(memberships)];
      const actor: Actor = { accountId, roles: [...new Set(roles)], memberships, strong };
      seen.set(actor, account);
      return actor;
    },
  };
}

/** Whether a role of this person stays closed until a one-time code is given. */
export function needsCode(actor: Actor): boolean {
  return !actor.strong && actor.roles.some((role) => rolesWithOneTimeCode.includes(role));
}
