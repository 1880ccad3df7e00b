import type { Instance } from '../graph/plan.ts';
import { requestOf } from '../run/schedule/pools.ts';
import type { Rental } from '../stage/cost.ts';
import type { Prices, SlurmSettings } from '../workflow/settings.ts';

/** An amount in the currency of the settings, of what has a price and takes a time that is known. */
export interface Money {
  /** On the terms that the stages ask for. */
  readonly amount: number;
  /** The same if every TPU were had on these terms; left out where a price for it is missing. */
  readonly onDemand?: number;
  readonly spot?: number;
  /** How many instances cost money, and of how many of them nobody knows how much. */
  readonly instances: number;
  readonly unknown: number;
}

/** What an hour of an instance costs: nothing, or so much; `asked` is undefined where no price is set. */
export type Charge = 'free' | Readonly<Record<'asked' | 'onDemand' | 'spot', number | undefined>>;

/** `rental`: what its stage rents. `cluster`: for jobs that do not name their partition. */
export function chargeOf(
  instance: Instance,
  rental: Rental | undefined,
  prices: Prices | undefined,
  cluster: SlurmSettings | undefined,
): Charge {
  if (rental !== undefined) {
    const { onDemand, spot } = prices?.tpu?.[rental.tpu] ?? {};
    return { asked: rental.spot ? spot : onDemand, onDemand, spot };
  }
  const partition = instance.slurm?.partition ?? cluster?.partition;
  const price = instance.executor === 'slurm' && partition !== undefined ? prices?.slurm?.[partition] : undefined;
  // Of a cluster only what has a price costs money: most are free for those who may use them.
  if (price === undefined) return 'free';
  const asked = Object.entries(requestOf(instance)).reduce(
    (sum, [name, amount]) => sum + (price[name] ?? 0) * (name === 'memory' ? amount / 2 ** 30 : amount),
    0,
  );
  return { asked, onDemand: asked, spot: asked };
}

/** Of many instances, with the hours that each takes, undefined where nobody knows; undefined if all are free. */
export function moneyOf(
  charges: readonly { readonly charge: Charge; readonly hours: number | undefined }[],
): Money | undefined {
  const charged = charges.flatMap(({ charge, hours }) => (charge === 'free' ? [] : [{ charge, hours }]));
  if (charged.length === 0) return undefined;
  const amounts = (terms: keyof Exclude<Charge, 'free'>) =>
    charged.map(({ charge, hours }) =>
      charge[terms] === undefined || hours === undefined ? undefined : charge[terms] * hours,
    );
  const total = (some: readonly (number | undefined)[]) => some.reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
  const asked = amounts('asked');
  const onOther = (terms: 'onDemand' | 'spot') =>
    charged.every(({ charge }) => charge[terms] !== undefined) ? { [terms]: total(amounts(terms)) } : {};
  return {
    amount: total(asked),
    ...onOther('onDemand'),
    ...onOther('spot'),
    instances: charged.length,
    unknown: asked.filter((amount) => amount === undefined).length,
  };
}
