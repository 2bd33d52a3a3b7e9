/** People as a request makes them of their session. */
import type { Actor } from '../../src/rights.ts';

export function anActor(change: Partial<Actor> = {}): Actor {
  return { accountId: 'someone', roles: ['learner'], memberships: [], strong: true, ...change };
}

/** Of a provider organisation, without owning it. */
export function aMember(organisationId: string): Actor {
  return anActor({
    roles: ['learner', 'provider-member'],
    memberships: [{ organisationId, kind: 'provider', owner: false, active: true }],
  });
}

export const operator = anActor({ accountId: 'operator', roles: ['learner', 'operator'] });
