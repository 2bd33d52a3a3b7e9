/**
 * Receipts: written once, never changed, erased after their time. What is erased leaves its code and its date, so that the
 * code says so and is never given again. Beside them, the incidents of their checks.
 */
import { type Connection, type Model, Schema } from 'mongoose';
import { isDuplicateKey } from '../../platform/duplicate-key.ts';
import { ensureIndexesOf } from '../../platform/indexes.ts';
import { joinedRead } from '../../platform/joined-reads.ts';

export interface StoredReceipt {
  readonly code: string;
  /** The signed text of the receipt; null once erased. */
  readonly jws: string | null;
  readonly issuedAt: Date;
  /** Opaque id of the account that asked for it; null for a visitor. Not part of the receipt. */
  readonly by: string | null;
  /** `<list>/<line>` for the line of a list, so that a line answered again finds its receipt. */
  readonly origin: string | null;
  readonly erasedAt: Date | null;
}

export const incidentKinds = ['different', 'altered', 'rules-unreadable'] as const;
export type IncidentKind = (typeof incidentKinds)[number];

export interface Incident {
  readonly number: number;
  readonly code: string;
  /** different: recomputed at its date, the answer is another; altered: the stored text is not the one that was signed. */
  readonly kind: IncidentKind;
  readonly at: Date;
  readonly rulesVersion: string | null;
}

export interface ReceiptStore {
  ensureIndexes(): Promise<void>;
  /** False when the code is taken: nothing was written. */
  add(receipt: Omit<StoredReceipt, 'erasedAt'>): Promise<boolean>;
  byCode(code: string): Promise<StoredReceipt | null>;
  /** Of an account, the newest first, erased ones left out. */
  askedBy(accountId: string, limit: number): Promise<readonly Pick<StoredReceipt, 'code' | 'issuedAt'>[]>;
  /** The account is gone: its receipts stay, and nobody asked for them. @returns how many */
  forget(accountId: string): Promise<number>;
  countIssuedBefore(before: Date): Promise<number>;
  /** @returns how many were erased */
  eraseIssuedBefore(before: Date, now: Date): Promise<number>;
  /** The same receipt and kind again is the incident already known. */
  addIncident(incident: Omit<Incident, 'number'>): Promise<Incident>;
  /** The newest first. */
  incidents(page: { readonly skip: number; readonly limit: number }): Promise<readonly Incident[]>;
}

interface ReceiptDocument extends Omit<StoredReceipt, 'code'> {
  _id: string;
}
interface IncidentDocument extends Omit<Incident, 'number'> {
  _id: number;
}

const receiptSchema = new Schema<ReceiptDocument>(
  { _id: String, jws: String, issuedAt: Date, by: String, origin: String, erasedAt: Date },
  { collection: 'receipts', versionKey: false },
);
receiptSchema.index({ by: 1, issuedAt: -1 });
receiptSchema.index({ issuedAt: 1 });

const incidentSchema = new Schema<IncidentDocument>(
  { _id: Number, code: String, kind: String, at: Date, rulesVersion: String },
  { collection: 'receipt_incidents', versionKey: false },
);
incidentSchema.index({ code: 1, kind: 1 }, { unique: true });

const toReceipt = ({ _id, ...rest }: ReceiptDocument): StoredReceipt => ({ code: _id, ...rest });
const toIncident = ({ _id, ...rest }: IncidentDocument): Incident => ({ number: _id, ...rest });

/** Receipts that one command reads, of all the accounts asked for at once. */
const together = 1_000;

export function makeReceiptStore(connection: Connection): ReceiptStore {
  const receipts: Model<ReceiptDocument> = connection.model<ReceiptDocument>('Receipt', receiptSchema);
  const incidents: Model<IncidentDocument> = connection.model<IncidentDocument>('ReceiptIncident', incidentSchema);
  const before = (date: Date) => ({ issuedAt: { $lt: date }, erasedAt: null });

  const newest = (accountIds: readonly string[]) =>
    receipts
      .find({ by: { $in: accountIds }, erasedAt: null }, { by: 1, issuedAt: 1 })
      .sort({ issuedAt: -1, _id: 1 })
      .limit(together)
      .lean<Pick<ReceiptDocument, '_id' | 'by' | 'issuedAt'>[]>();

  const ofAccounts = joinedRead(async (accountIds) => {
    const found = await newest(accountIds);
    const isAll = found.length < together;
    // Somebody has very many: each for itself, so that nobody's are left out.
    return new Map(
      await Promise.all(
        accountIds.map(async (id) => [id, isAll ? found.filter(({ by }) => by === id) : await newest([id])] as const),
      ),
    );
  });

  return {
    async ensureIndexes() {
      for (const model of [receipts, incidents] as const) {
        await ensureIndexesOf(model);
      }
    },

    async add({ code, ...receipt }) {
      try {
        await receipts.create({ _id: code, ...receipt, erasedAt: null });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async byCode(code) {
      const found = await receipts.findById(code).lean<ReceiptDocument | null>();
      return found === null ? null : toReceipt(found);
    },

    async askedBy(accountId, limit) {
      const found = (await ofAccounts(accountId)) ?? [];
      return found.slice(0, limit).map(({ _id, issuedAt }) => ({ code: _id, issuedAt }));
    },

    async forget(accountId) {
      return (await receipts.updateMany({ by: accountId }, { $set: { by: null } })).modifiedCount;
    },

    countIssuedBefore: (date) => receipts.countDocuments(before(date)),

    async eraseIssuedBefore(date, now) {
      const erased = { jws: null, by: null, origin: null, erasedAt: now };
      return (await receipts.updateMany(before(date), { $set: erased })).modifiedCount;
    },

    async addIncident(incident) {
      const { code, kind } = incident;
      for (;;) {
        const known = await incidents.findOne({ code, kind }).lean<IncidentDocument | null>();
        if (known !== null) return toIncident(known);
        const last = await incidents.findOne({}).sort({ _id: -1 }).lean<IncidentDocument | null>();
        const number = (last?._id ?? 0) + 1;
        try {
          await incidents.create({ _id: number, ...incident });
          return { number, ...incident };
        } catch (error) {
          // Another process took the number, or noted the same incident.
          if (!isDuplicateKey(error)) throw error;
        }
      }
    },

    async incidents({ skip, limit }) {
      const found = await incidents.find({}).sort({ _id: -1 }).skip(skip).limit(limit).lean<IncidentDocument[]>();
      return found.map(toIncident);
    },
  };
}
