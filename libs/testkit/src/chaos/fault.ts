import type { Generator } from '../random/generator.ts';

/** Drawn before anybody knows who will lead: the victim is found when the fault happens. */
export type Victim = 'leader' | 'follower' | 'anyone';

export type Fault =
  /** `kill -9`, and started again afterwards with what its disk has. */
  | { readonly kind: 'kill'; readonly victim: Victim; readonly forMs: number }
  /** SIGSTOP, then SIGCONT: a machine that stood still and does not know it. */
  | { readonly kind: 'pause'; readonly victim: Victim; readonly forMs: number }
  /** Nothing comes or goes between it and the others; clients still reach it. */
  | { readonly kind: 'isolate'; readonly victim: Victim; readonly forMs: number }
  /** What it says reaches nobody; it hears. */
  | { readonly kind: 'mute'; readonly victim: Victim; readonly forMs: number }
  /** It hears nobody; what it says arrives. */
  | { readonly kind: 'deafen'; readonly victim: Victim; readonly forMs: number }
  /** One link of the three is gone, both ways. */
  | { readonly kind: 'cut-link'; readonly victim: Victim; readonly forMs: number }
  /** Its connections are broken and may be made again. */
  | { readonly kind: 'reset-links'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'slow-links'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'fill-disk'; readonly victim: Victim; readonly forMs: number }
  /** The victim is paused, and the others are killed and started while it sleeps. */
  | { readonly kind: 'pause-and-kill-others'; readonly victim: Victim; readonly forMs: number }
  | { readonly kind: 'restart-all'; readonly victim: Victim; readonly forMs: number };

export type FaultKind = Fault['kind'];

/** How often each is drawn, and for how long it lasts. Ten seconds are longer than every timeout. */
const shapes: readonly {
  readonly kind: FaultKind;
  readonly weight: number;
  readonly fromMs: number;
  readonly toMs: number;
}[] = [
  { kind: 'kill', weight: 5, fromMs: 200, toMs: 3_000 },
  { kind: 'pause', weight: 3, fromMs: 10_000, toMs: 10_000 },
  { kind: 'pause', weight: 2, fromMs: 300, toMs: 3_000 },
  { kind: 'isolate', weight: 3, fromMs: 1_000, toMs: 6_000 },
  { kind: 'mute', weight: 2, fromMs: 1_000, toMs: 5_000 },
  { kind: 'deafen', weight: 2, fromMs: 1_000, toMs: 5_000 },
  { kind: 'cut-link', weight: 2, fromMs: 1_000, toMs: 5_000 },
  { kind: 'reset-links', weight: 1, fromMs: 0, toMs: 200 },
  { kind: 'slow-links', weight: 1, fromMs: 1_000, toMs: 4_000 },
  { kind: 'fill-disk', weight: 2, fromMs: 1_000, toMs: 5_000 },
  { kind: 'pause-and-kill-others', weight: 1, fromMs: 500, toMs: 2_000 },
  { kind: 'restart-all', weight: 1, fromMs: 0, toMs: 500 },
];

/** Faults without end, one after another, decided by the generator alone. */
export function* drawFaults(random: Generator): IterableIterator<Fault> {
  const total = shapes.reduce((sum, { weight }) => sum + weight, 0);
  for (;;) {
    let at = random.next() * total;
    const shape = shapes.find(({ weight }) => (at -= weight) < 0) ?? shapes[0]!;
    const victim: Victim = random.chance(0.6) ? 'leader' : random.pick(['follower', 'anyone']);
    yield { kind: shape.kind, victim, forMs: random.integer(shape.fromMs, shape.toMs) };
  }
}
