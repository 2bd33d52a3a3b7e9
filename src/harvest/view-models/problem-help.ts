/** /aide/erreurs: what each code means and what to do (P9). */
import { french } from '../../platform/web/format.ts';
import { type ProblemHelp, problemPath } from '../model/problem-help.ts';

const effects: Readonly<Record<ProblemHelp['effect'], string>> = {
  quarantine:
    "La fiche est mise en quarantaine : elle n'est pas publiée, ou sa dernière version valable reste affichée. Les autres fiches ne sont pas touchées.",
  warning: 'La fiche est publiée avec un avertissement.',
  stop: "La collecte s'arrête à cet endroit. Si aucune fiche n'avait encore été enregistrée, rien n'est modifié. Sinon, les fiches enregistrées restent, et aucun cours absent n'est retiré.",
};

const page = { description: null, noindex: false, section: null };

export function problemsModel(helps: Iterable<ProblemHelp>) {
  const all = [...helps].map(({ code, title, effect }) => ({
    code,
    title: french(title),
    effect,
    href: problemPath(code),
  }));
  return {
    ...page,
    title: 'Les codes des rapports de collecte',
    groups: [
      { heading: 'La fiche attend une correction', items: all.filter(({ effect }) => effect === 'quarantine') },
      {
        heading: 'La fiche est publiée, avec un avertissement',
        items: all.filter(({ effect }) => effect === 'warning'),
      },
      { heading: "La collecte s'arrête", items: all.filter(({ effect }) => effect === 'stop') },
    ],
  };
}

export function problemModel({ code, title, effect, meaning, todo, wrong, right }: ProblemHelp) {
  return {
    ...page,
    title: `${title} (${code})`,
    heading: french(title),
    code,
    meaning: french(meaning),
    effect: french(effects[effect]),
    todo: french(todo),
    wrong,
    right,
  };
}
