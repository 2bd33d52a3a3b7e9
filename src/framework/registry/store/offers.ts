/** The open data of the training-account offer: who really offers what. A file replaces the former one as a whole. */
import { type Connection, Schema } from 'mongoose';
import { sharedRead } from '../../../platform/joined-reads.ts';
import { type CertificationOfProvider, type IsoDate, pairKey } from '../model.ts';

export interface OffersHead {
  readonly date: IsoDate;
  /** Distinct pairs of certification and provider. */
  readonly pairs: number;
  readonly sha256: string;
  readonly importedAt: Date;
}

export interface OfferStore {
  offersHead(): Promise<OffersHead | null>;
  /** `pairKey` of those that are offered. */
  offered(pairs: readonly CertificationOfProvider[]): Promise<ReadonlySet<string>>;
  /** Removes what an import that never came to its end has written, and gives the number of the next one. */
  beginOffers(): Promise<number>;
  stageOffers(batch: number, keys: readonly string[]): Promise<void>;
  /** Puts a batch in force, then removes the former one. */
  publishOffers(batch: number, head: OffersHead): Promise<void>;
}

interface OfferDocument {
  /** `3:RNCP37674/84244912600023`, the batch first. */
  _id: string;
}

interface HeadDocument extends OffersHead {
  _id: 'offers';
  batch: number;
}

const schema = new Schema({ _id: String }, { collection: 'registry_offers', versionKey: false });

/** `;` is the character after `:`. */
const batchRange = (batch: number) => ({ $gte: `${batch}:`, $lt: `${batch};` });

export function makeOfferStore(connection: Connection): OfferStore & { ensureIndexes(): Promise<void> } {
  const model = connection.model('RegistryOffer', schema);
  const database = connection.getClient().db(connection.name);
  const offers = database.collection<OfferDocument>('registry_offers');
  const heads = database.collection<HeadDocument>('registry_offers_head');
  const head = sharedRead(() => heads.findOne({ _id: 'offers' }));

  return {
    async ensureIndexes() {
      await model.createCollection();
    },

    async offersHead() {
      const found = await head();
      if (found === null) return null;
      const { _id, batch: _batch, ...held } = found;
      return held;
    },

    async offered(pairs) {
      const found = await head();
      if (found === null) return new Set();
      const ids = pairs.map((pair) => `${found.batch}:${pairKey(pair)}`);
      const held = await offers.find({ _id: { $in: ids } }).toArray();
      return new Set(held.map(({ _id }) => _id.slice(`${found.batch}:`.length)));
    },

    async beginOffers() {
      const inForce = (await head())?.batch ?? 0;
      await offers.deleteMany({ _id: { $lt: `${inForce}:` } });
      await offers.deleteMany({ _id: { $gte: `${inForce};` } });
      return inForce + 1;
    },

    async stageOffers(batch, keys) {
      await offers.insertMany(
        keys.map((key) => ({ _id: `${batch}:${key}` })),
        { ordered: false },
      );
    },

    async publishOffers(batch, held) {
      await heads.replaceOne({ _id: 'offers' }, { batch, ...held }, { upsert: true });
      await offers.deleteMany({ _id: batchRange(batch - 1) });
    },
  };
}
