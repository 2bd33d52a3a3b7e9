/** Erasures under way: what a stop of the machine must not make anybody forget. Empty except for a moment. */
import type { Connection } from 'mongoose';

export interface Erasure {
  readonly accountId: string;
  /** Where the last mail goes; null without an address or when nobody is to be told. */
  readonly address: string | null;
  /** Of that mail, so that it leaves once; says nothing of the account. */
  readonly mailKey: string;
  readonly startedAt: Date;
}

export interface ErasureStore {
  /** The erasure of this account: the one under way when there is one, else this one, written. */
  begin(erasure: Erasure): Promise<Erasure>;
  underWay(): Promise<Erasure[]>;
  end(accountId: string): Promise<void>;
}

interface ErasureDocument extends Omit<Erasure, 'accountId'> {
  _id: string;
}

function toErasure({ _id, address, mailKey, startedAt }: ErasureDocument): Erasure {
  return { accountId: _id, address, mailKey, startedAt };
}

export function makeErasureStore(connection: Connection): ErasureStore {
  const erasures = connection.collection<ErasureDocument>('accountErasures');
  return {
    async begin({ accountId, address, mailKey, startedAt }) {
      const written = await erasures.findOneAndUpdate(
        { _id: accountId },
        { $setOnInsert: { address, mailKey, startedAt } },
        { upsert: true, returnDocument: 'after' },
      );
      return written === null ? { accountId, address, mailKey, startedAt } : toErasure(written);
    },

    async underWay() {
      return (await erasures.find({}).sort({ startedAt: 1 }).toArray()).map(toErasure);
    },

    async end(accountId) {
      await erasures.deleteOne({ _id: accountId });
    },
  };
}
