/** Facts about schools that decide a funding (product P22), by SIRET. */
import { type Connection, type Model, Schema } from 'mongoose';
import { joinedFind } from '../../platform/joined-reads.ts';
import { type ProviderFacts, providerFactsSchema } from '../model/provider-facts.ts';

export interface ProviderFactsStore {
  /** Those known, by SIRET. */
  bySirets(sirets: readonly string[]): Promise<ReadonlyMap<string, ProviderFacts>>;
  /** What was known of the school is replaced whole. */
  save(facts: readonly ProviderFacts[]): Promise<void>;
  /** Erases those of fictional schools. */
  removeDemo(): Promise<void>;
}

type FactsDocument = Omit<ProviderFacts, 'siret'> & { _id: string };

const factsSchema = new Schema<FactsDocument>(
  {
    _id: String,
    demo: Boolean,
    activityNumber: Schema.Types.Mixed,
    declarationValid: Schema.Types.Mixed,
    qualiopi: Schema.Types.Mixed,
    delisted: Schema.Types.Mixed,
    subcontracting: Schema.Types.Mixed,
    certifications: Schema.Types.Mixed,
  },
  { collection: 'provider_facts', versionKey: false, minimize: false },
);

export function makeProviderFactsStore(connection: Connection): ProviderFactsStore {
  const model: Model<FactsDocument> = connection.model<FactsDocument>('ProviderFacts', factsSchema);
  const factsOf = joinedFind('_id', (sirets) => model.find({ _id: { $in: sirets } }).lean<FactsDocument[]>());
  return {
    async bySirets(sirets) {
      const found = (await Promise.all(sirets.map(factsOf))).flat();
      return new Map(found.map(({ _id, ...facts }) => [_id, providerFactsSchema.parse({ siret: _id, ...facts })]));
    },

    async save(facts) {
      if (facts.length === 0) return;
      await model.bulkWrite(
        facts.map(({ siret, ...replacement }) => ({
          replaceOne: { filter: { _id: siret }, replacement, upsert: true },
        })),
        { ordered: false },
      );
    },

    async removeDemo() {
      await model.deleteMany({ demo: true });
    },
  };
}
