/** A property that must always hold did not. The message says which, where and what was seen. */
export class SafetyViolation extends Error {
  override readonly name = 'SafetyViolation';
  /** The name of the property, stable, so that planted bugs can be matched with their finder. */
  readonly property: string;

  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`);
    this.property = property;
  }
}

/** Something that must happen in the end did not within its bound of virtual time. */
export class LivenessViolation extends Error {
  override readonly name = 'LivenessViolation';
  readonly property: string;

  constructor(property: string, detail: string) {
    super(`${property}: ${detail}`);
    this.property = property;
  }
}

export function hold(condition: boolean, property: string, detail: () => string): void {
  if (!condition) throw new SafetyViolation(property, detail());
}
