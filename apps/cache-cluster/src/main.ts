import {
  exitOnConfigMistakes,
  readConfig,
  readTls,
  runService,
  startClusterNode,
} from '@quorate/service-kit';
import { cacheApp } from './app.ts';
import { configSchema } from './config.ts';

const config = exitOnConfigMistakes(readConfig(process.env, configSchema));
const tls = exitOnConfigMistakes(readTls(config));

runService(() => startClusterNode(cacheApp(config, tls)), {
  name: `cache-cluster ${config.nodeId}`,
  logFormat: config.logFormat,
});
