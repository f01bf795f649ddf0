import { parentPort, workerData } from 'node:worker_threads';
import { runLoad, type LoadPlan } from './load.ts';

parentPort?.postMessage(await runLoad(workerData as LoadPlan));
