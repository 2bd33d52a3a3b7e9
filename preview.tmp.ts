import { aimsFor } from './test/builders/aims.ts';
import { manyCourses, manyPathways } from './test/builders/catalogue.ts';
import { specific } from './test/builders/dossier.ts';
import { aSite } from './test/builders/site.ts';

const site = await aSite({
  courses: manyCourses,
  pathways: manyPathways,
  receipts: true,
  facts: { contact: { email: 'aide@exemple.fr', url: null } },
  findAim: aimsFor({
    bon: {},
    fini: { 'action.certification.finEnregistrement': '2026-11-10' },
    inconnu: { 'organisme.habilitation': null },
    rs: { 'action.certification': specific, 'action.prix': 1650 },
    deux: { 'organisme.dereference': true, 'organisme.qualiopi.au': '2026-01-01' },
  }),
});
site.listen(4655, '127.0.0.1');
console.log('ready');
