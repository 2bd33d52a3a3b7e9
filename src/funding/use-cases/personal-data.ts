/** What funding keeps of an account: the lists it sent, and the fact that it asked for receipts. */
import type { ListStore } from '../store/lists.ts';
import type { ReceiptStore } from '../store/receipts.ts';

const mostShown = 1_000;

export function listHolding(lists: Pick<ListStore, 'ofAccount' | 'eraseOf'>) {
  return {
    name: 'Vos listes vérifiées',
    why: 'Pour vous donner les réponses. Une liste ne contient que des formations.',
    until: "24 heures après l'envoi.",
    async read(accountId: string) {
      const found = await lists.ofAccount(accountId, mostShown);
      return found.map(({ createdAt, total }) => ({ 'Envoyée le': createdAt, Lignes: total }));
    },
    erase: (accountId: string) => lists.eraseOf(accountId),
  };
}

export function receiptHolding(receipts: Pick<ReceiptStore, 'askedBy' | 'forget'>) {
  return {
    name: 'Vos reçus',
    why: 'Pour retrouver les codes que vous avez demandés. Le reçu lui-même ne dit pas qui l’a demandé.',
    until:
      "Douze mois après l'établissement du reçu. Si vous effacez votre compte, les reçus restent, sans lien avec vous.",
    async read(accountId: string) {
      const found = await receipts.askedBy(accountId, mostShown);
      return found.map(({ code, issuedAt }) => ({ Code: code, 'Établi le': issuedAt }));
    },
    erase: (accountId: string) => receipts.forget(accountId),
  };
}
