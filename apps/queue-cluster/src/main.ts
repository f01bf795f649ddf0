import {
  exitOnConfigMistakes,
  readConfig,
  readTls,
  runService,
  startClusterNode,
} from '@quorate/service-kit';
import { queueApp } from './app.ts';
import { configSchema } from './config.ts';

const config = exitOnConfigMistakes(readConfig(process.env, configSchema));
const tls = exitOnConfigMistakes(readTls(config));

runService(() => startClusterNode(queueApp(config, tls)), {
  name: `queue-cluster ${config.nodeId}`,
  logFormat: config.logFormat,
});
