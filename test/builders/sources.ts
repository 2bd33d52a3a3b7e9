/** Sources of organisations. */
import type { Source } from '../../src/providers/model.ts';

/** A draft at an address that the guarded fetch refuses. */
export function aProviderSource({ id, organisationId, at }: { id: string; organisationId: string; at: Date }): Source {
  return {
    id,
    title: 'Catalogue de l’organisme',
    homepage: 'https://organisme.example/',
    connector: 'lheo',
    config: { url: 'http://127.0.0.1:9/catalogue.xml' },
    sealed: {},
    file: null,
    organisationId,
    demo: false,
    publishing: 'live',
    limits: { wireBytes: null, decodedBytes: null, minutes: null },
    state: 'draft',
    stateSince: at,
    stateReason: null,
    history: [{ state: 'draft', at, reason: null, by: 'organisation' }],
    rhythm: 'manual',
    mails: 'never',
    notice: null,
    licence: null,
    createdAt: at,
    updatedAt: at,
  };
}
