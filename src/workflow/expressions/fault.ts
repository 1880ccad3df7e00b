/** A mistake in an expression, thrown through the library's evaluator and reported where the expression stands. */
export class ExpressionFault extends Error {
  override readonly name = 'ExpressionFault';
  readonly hint: string | undefined;
  /** Offsets within the expression; undefined until something that knows them passes it on. */
  range: readonly [start: number, end: number] | undefined;

  constructor(message: string, hint?: string, range?: readonly [number, number]) {
    super(message);
    this.hint = hint;
    this.range = range;
  }
}

/** Asked for something whose own mistake was reported where it stands: nothing more is said. */
export class ReportedFault extends ExpressionFault {
  constructor() {
    super('this depends on something that was reported');
  }
}

/** Runs `evaluate`; a fault that does not know its place gets this one. */
export function faultsAt<T>(range: readonly [number, number], evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof ExpressionFault) error.range ??= range;
    throw error;
  }
}
