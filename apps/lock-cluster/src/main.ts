import {
  exitOnConfigMistakes,
  readConfig,
  readTls,
  runService,
  startClusterNode,
} from '@quorate/service-kit';
import { lockApp } from './app.ts';
import { configSchema } from './config.ts';

const config = exitOnConfigMistakes(readConfig(process.env, configSchema));
const tls = exitOnConfigMistakes(readTls(config));

runService(() => startClusterNode(lockApp(config, tls)), {
  name: `lock-cluster ${config.nodeId}`,
  logFormat: config.logFormat,
});
