/**
 * Work that many ask for at once, some milliseconds of it in each turn of the event loop. Node accepts one connection in a
 * turn (libuv 1.45 and newer): were fifty visitors answered in one, those who come meanwhile would be let in one by one, the
 * answers of the first fifty apart.
 */
const waiting: (() => void)[] = [];
let isNext = false;

/** Milliseconds of work in one turn; the last piece may go beyond. */
const turnMs = 10;

/** In the order asked. */
export function inTurn(work: () => void): void {
  waiting.push(work);
  askForTurn();
}

function askForTurn(): void {
  if (isNext || waiting.length === 0) return;
  isNext = true;
  setImmediate(takeTurn);
}

function takeTurn(): void {
  isNext = false;
  const begun = performance.now();
  try {
    do waiting.shift()?.();
    while (waiting.length > 0 && performance.now() - begun < turnMs);
  } finally {
    askForTurn();
  }
}
