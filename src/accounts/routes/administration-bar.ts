/** The bar of /admin, and whether the own space leads there: by right, for every page of the site. */
import { type Request, Router } from 'express';
import { type Actor, can, type Right } from '../../rights.ts';

export interface AdministrationLink {
  readonly label: string;
  readonly href: string;
  /** Who does not have it does not see the link. */
  readonly right: Right;
}

/** Goes behind the session. The pages print `shell.administration`: empty for those who have nothing to do there. */
export function administrationBar(
  links: readonly AdministrationLink[],
  personOf: (request: Request) => Actor | null,
): Router {
  const router = Router();
  router.use((request, response, next) => {
    const { path } = request;
    Object.defineProperty(response.locals.shell, 'administration', {
      enumerable: true,
      get() {
        const actor = personOf(request);
        if (actor === null) return [];
        return links
          .filter(({ right }) => can(actor, right))
          .map(({ label, href }) => ({ label, href, current: path === href || path.startsWith(`${href}/`) }));
      },
    });
    next();
  });
  return router;
}
