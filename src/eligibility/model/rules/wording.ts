/** Amounts in the sentences of the rules. */

/** `1 500 €`, `103,20 €`, from integer cents. */
export function euros(cents: number): string {
  const whole = String(Math.trunc(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ' ');
  const rest = cents % 100;
  return rest === 0 ? `${whole} €` : `${whole},${String(rest).padStart(2, '0')} €`;
}
