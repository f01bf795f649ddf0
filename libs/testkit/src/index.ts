export { Generator } from './random/generator.ts';
export { VirtualTime } from './virtual-time/virtual-time.ts';
export { NodeClock } from './virtual-time/node-clock.ts';
export { SimulatedNetwork, calmNetwork } from './network/simulated-network.ts';
export type {
  NetworkConditions,
  NetworkCounts,
  NetworkOptions,
} from './network/simulated-network.ts';
export { drawPartition, partitionShapes } from './network/partition.ts';
export type { Direction, PartitionShape } from './network/partition.ts';
export { HistoryRecorder } from './linearizability/history.ts';
export type { Operation } from './linearizability/history.ts';
export type { Model } from './linearizability/model.ts';
export { checkLinearizable } from './linearizability/checker.ts';
export type { CheckLimits, Verdict, Violation } from './linearizability/checker.ts';
export { registerModel } from './linearizability/register.ts';
export type { RegisterInput, RegisterOutput, RegisterState } from './linearizability/register.ts';
export { counterModel } from './linearizability/counter.ts';
export type { CounterInput } from './linearizability/counter.ts';
export { mutexModel } from './linearizability/mutex.ts';
export type { MutexInput, MutexOutput, MutexState } from './linearizability/mutex.ts';
export { waitForHttp, waitUntil } from './process-harness/condition.ts';
export type { Patience } from './process-harness/condition.ts';
export { HeldPort } from './process-harness/held-port.ts';
export { runTutorial } from './tutorial/tutorial.ts';
export { NodeProcess } from './process-harness/node-process.ts';
export type { Exit, ProcessSpec } from './process-harness/node-process.ts';
export { ProcessCluster } from './process-harness/process-cluster.ts';
export type {
  NodeAddress,
  NodeLaunch,
  ProcessClusterOptions,
} from './process-harness/process-cluster.ts';
export { TcpProxy } from './process-harness/tcp-proxy.ts';
export type { ProxyDirection, Treatment } from './process-harness/tcp-proxy.ts';
export { PeerLinks } from './process-harness/peer-links.ts';
export { SmallDisk } from './process-harness/small-disk.ts';
export { SimulatedLogDisk, SimulatedLogStore } from './disk/simulated-log-store.ts';
export type { SimulatedLogDiskOptions } from './disk/simulated-log-store.ts';
export { SimulatedFileSystem } from './disk/simulated-file-system.ts';
export type { SimulatedFileSystemOptions } from './disk/simulated-file-system.ts';
export { SimulatedCluster } from './raft-simulation/simulated-cluster.ts';
export { SimulatedNode } from './raft-simulation/simulated-node.ts';
export { Nemesis } from './raft-simulation/nemesis.ts';
export { healAmong } from './raft-simulation/recovery.ts';
export { drawPlan } from './raft-simulation/simulation-plan.ts';
export type { SimulationPlan } from './raft-simulation/simulation-plan.ts';
export { Trace } from './raft-simulation/trace.ts';
export { SafetyViolation } from './raft-simulation/violation.ts';
export { Arena } from './chaos/arena.ts';
export type { Answer, Insistence, Result } from './chaos/arena.ts';
export { ChaosCluster } from './chaos/chaos-cluster.ts';
export type { ChaosClusterOptions } from './chaos/chaos-cluster.ts';
export { chaosMain } from './chaos/chaos-cli.ts';
export type { ChaosProgram, PreparedChaos } from './chaos/chaos-cli.ts';
export { drawFaults } from './chaos/fault.ts';
export type { Fault, FaultKind, Victim } from './chaos/fault.ts';
export type { Inflicted } from './chaos/inflict.ts';
export { overlaps } from './chaos/intervals.ts';
export type { Held } from './chaos/intervals.ts';
export { Pulse } from './chaos/pulse.ts';
export { describeReport, violationsOf } from './chaos/report.ts';
export type { Check, Episode, StormReport } from './chaos/report.ts';
export { runStorm } from './chaos/storm.ts';
export type { StormLength, StormOptions, Workload } from './chaos/storm.ts';
