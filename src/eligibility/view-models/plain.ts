/** « Version facile à lire » (N16): each question and each sentence of the pages about money, in short words. Measured by a test (T47). */
import type { AnswerName } from '../model/answers.ts';

/** Beside each question. */
export const plainQuestions: Readonly<Record<AnswerName, string>> = {
  statut: 'Dites-nous ce que vous faites en ce moment. Choisissez une seule réponse.',
  age: 'Écrivez votre âge en chiffres.',
  apprenti: 'Avez-vous un contrat dans une entreprise, avec des cours à côté ?',
  retraiteTauxPlein: 'Recevez-vous une retraite complète ?',
  inscription: 'Êtes-vous inscrit à France Travail ? Avant, on disait Pôle emploi.',
  exonerationAutre:
    "Votre travail est-il pénible, ou avez-vous eu un accident du travail ? Cela peut donner une aide. Si vous ne savez pas, ce n'est pas grave.",
  dernierBilan: 'Avez-vous déjà fait un bilan de compétences payé par le CPF ?',
  aides: "Quelqu'un a-t-il déjà dit oui pour payer une partie du cours ?",
  solde: "Combien d'argent avez-vous sur votre compte CPF ? Regardez sur le site Mon Compte Formation.",
};

export const plainSentences = {
  journey: 'Nous posons peu de questions. Vos réponses ne sont gardées nulle part. Elles sont dans le lien de la page.',
  start: 'Répondez à quelques questions. Nous vous disons combien vous payez.',
  balance: "Le montant de votre compte n'est pas dans le lien. Cochez la case pour l'y mettre.",
  result: "Cette réponse est une aide. Seul le site Mon Compte Formation décide. Personne n'est engagé.",
  proof: "Il faut un papier de France Travail. Il s'appelle l'avis de situation. Il doit avoir moins d'un mois.",
  receipt: 'Le reçu garde cette réponse. Donnez son code à votre conseiller.',
  link: 'Gardez ce lien. Il ouvre la même réponse, sans compte.',
  whole: 'Chaque étape est payée à part. Votre compte CPF paie la première étape, puis les autres.',
  course: 'Voici ce que vous payez pour ce cours.',
} as const;
