/** The page of a receipt of a pathway: its steps and their total as they were, and the course of each. */
import type { WholeCost } from '../../eligibility/model/aim.ts';
import { french } from '../../platform/web/format.ts';
import type { PathwayReceipt } from '../model/pathway-receipt.ts';
import { type Checked, certificationModel, courseModel, sheetModel } from './receipt.ts';

export interface PathwayReceiptShown extends Checked {
  readonly receipt: PathwayReceipt;
  /** The answer that it gave, printed. */
  readonly whole: WholeCost;
  /** Days and sentences that stand under any verdict. */
  readonly verdict: object;
}

export function pathwayReceiptModel(shown: PathwayReceiptShown) {
  const { receipt, whole, verdict } = shown;
  const { subject, steps, date, dates } = receipt;
  return {
    ...sheetModel(receipt, shown),
    whole,
    verdict,
    subject: { label: french(subject.label), href: subject.href },
    steps: steps.flatMap(({ title, chosen }, at) => {
      if (chosen?.course == null) return [];
      const { course, certification, href } = chosen;
      return [
        {
          heading: french(`Étape ${at + 1} : ${title}`),
          course: courseModel(course, href),
          certification: certification === null ? null : certificationModel(certification, date, dates),
        },
      ];
    }),
  };
}
