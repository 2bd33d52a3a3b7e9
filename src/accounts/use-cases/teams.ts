/** What other features may know of organisations and their people: by id, without a right of its own. */
import type { Account, Organisation } from '../model.ts';
import type { OrganisationStore } from '../store/organisations.ts';
import type { AccountStore } from '../store.ts';

export interface Teams {
  /** Of any kind; those that are gone are absent. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Training providers among these. */
  providers(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly id: string; readonly name: string; readonly demo: boolean }>>;
  /** Its members with an address that they proved. */
  recipients(id: string): Promise<readonly Recipient[]>;
  /** Operators with an address that they proved. */
  operators(): Promise<readonly Recipient[]>;
}

interface Recipient {
  readonly accountId: string;
  readonly address: string;
}

function reachable(account: Account | null): Recipient[] {
  if (account?.email?.verifiedAt == null) return [];
  return [{ accountId: account.id, address: account.email.address }];
}

export function makeTeams(parts: {
  readonly organisations: Pick<OrganisationStore, 'byId'>;
  readonly accounts: Pick<AccountStore, 'byId' | 'withRole'>;
}): Teams {
  const { organisations, accounts } = parts;

  async function found(ids: readonly string[]): Promise<readonly Organisation[]> {
    const all = await Promise.all([...new Set(ids)].map((id) => organisations.byId(id)));
    return all.filter((one) => one !== null).sort((a, b) => a.name.localeCompare(b.name, 'fr'));
  }

  return {
    names: async (ids) => new Map((await found(ids)).map(({ id, name }) => [id, name])),

    async providers(ids) {
      const providers = (await found(ids)).filter(({ kind }) => kind === 'provider');
      return new Map(providers.map(({ id, name, demo }) => [id, { id, name, demo }]));
    },

    async recipients(id) {
      const organisation = await organisations.byId(id);
      const members = await Promise.all((organisation?.members ?? []).map(({ accountId }) => accounts.byId(accountId)));
      return members.flatMap((member) => reachable(member));
    },

    operators: async () => (await accounts.withRole('operator')).flatMap((operator) => reachable(operator)),
  };
}
