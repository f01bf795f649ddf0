import type { LinkEvent } from '@quorate/raft';
import type { Logger } from '../logging/logger.ts';

/** Links come and go; a person wants to know why a node is not linked, once. */
export function tellLinkEvent(logger: Logger, event: LinkEvent): void {
  switch (event.kind) {
    case 'linked':
      logger.info(`linked with ${event.peer}`);
      return;
    case 'lost':
      logger.warn(`lost the link with ${event.peer}: ${event.why}`);
      return;
    case 'unreachable':
      logger.debug(`cannot reach ${event.peer}: ${event.why}`);
      return;
    case 'refused': {
      const { who, byUs, why, detail } = event;
      const sentence = byUs ? `no link with "${who}"` : `${who} refused our link`;
      logger.warn(`${sentence}: ${why}, ${detail}`);
      return;
    }
  }
}
