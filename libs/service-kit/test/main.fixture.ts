/** A service as an app's `main.ts` wires it, run as a process of its own by the lifecycle tests. */
import {
  commonSchema,
  createLogger,
  createRegistry,
  createService,
  exitOnConfigMistakes,
  invariant,
  readConfig,
  runService,
  serve,
} from '../src/index.ts';
import { codes, Held, testRoutes, viewOf } from './fixture.ts';

const schema = commonSchema({ clusterName: 'test-cluster', port: 8000 });
const config = exitOnConfigMistakes(readConfig(process.env, schema));
const logger = createLogger({ level: config.logLevel, format: config.logFormat });
const mishap = process.env['MISHAP'];

const step = (name: string, run: () => void | Promise<void> = () => undefined) => ({
  name,
  run: () => {
    logger.info(`stop: ${name}`);
    return run();
  },
});

runService(
  async () => {
    const service = createService({
      name: config.clusterName,
      version: '0.1.0',
      description: 'A service for tests.',
      routes: testRoutes(new Held()),
      problems: { codes },
      view: viewOf(),
      registry: createRegistry(),
      logger,
    });
    const server = await serve({
      service,
      host: config.nodeHost,
      port: mishap === 'taken' ? config.nodePort : 0,
      stopHooks: [
        step('hand over leadership', () => {
          if (mishap === 'failing hook') throw new Error('nobody to hand over to');
          return mishap === 'hanging hook' ? new Promise<void>(() => undefined) : undefined;
        }),
        step('flush'),
      ],
    });
    if (mishap === 'invariant') setImmediate(() => invariant(false, 'the log went backwards'));
    if (mishap === 'rejection') void Promise.reject(new Error('nobody listens'));
    logger.info('listening', { url: server.url });
    return server;
  },
  { name: config.clusterName, logFormat: config.logFormat },
);
