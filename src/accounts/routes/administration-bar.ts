/** The bar of /admin, and where else the own space leads: by right, for every page of the site. */
import { type Request, Router } from 'express';
import { type Actor, can, type Right } from '../../rights.ts';

export interface LinkByRight {
  readonly label: string;
  readonly href: string;
  /** Who does not have it does not see the link. */
  readonly right: Right;
  /** Its pages are not below its address: it is the current one on its own page alone. */
  readonly exact?: boolean;
}

/**
 * Goes behind the session. The pages print `shell.administration`, and the bar of the own space `shell.spaces`: each empty
 * for those who have nothing to do there.
 */
export function barsByRight(
  bars: { readonly administration: readonly LinkByRight[]; readonly spaces: readonly LinkByRight[] },
  personOf: (request: Request) => Actor | null,
): Router {
  const router = Router();
  router.use((request, response, next) => {
    const { path } = request;
    const shown = (links: readonly LinkByRight[]) => () => {
      const actor = personOf(request);
      if (actor === null) return [];
      return links
        .filter(({ right }) => can(actor, right))
        .map(({ label, href, exact = false }) => ({
          ...{ label, href },
          current: path === href || (!exact && path.startsWith(`${href}/`)),
        }));
    };
    Object.defineProperties(response.locals.shell, {
      administration: { enumerable: true, get: shown(bars.administration) },
      spaces: { enumerable: true, get: shown(bars.spaces) },
    });
    next();
  });
  return router;
}
