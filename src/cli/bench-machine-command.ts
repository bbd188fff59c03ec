/**
 * `chainrule bench machine`: what this machine can do at best, which profiles compare kernels with.
 */
import type { MachineLimits, MachineMeasurement } from '../backend/profile.js'
import { currentBackend } from '../runtime/devices.js'
import { columns } from '../runtime/profile-table.js'
import { exitCode } from './exit-code.js'
import type { Output } from './output.js'
import { UsageError } from './usage-error.js'

/** Measures anew and returns the exit code. Throws UsageError on a device that cannot measure. */
export function benchMachineCommand(output: Output): number {
  const backend = currentBackend()
  if (backend.measureMachine === undefined) {
    throw new UsageError(
      `bench machine: expected the device 'native', got '${backend.name}', which cannot measure. See 'chainrule devices'.`,
    )
  }
  const machine = backend.measureMachine(true)
  if (output.json) output.emit(machine)
  else output.say(describeMachine(machine))
  return exitCode.ok
}

const size = (bytes: number): string =>
  !Number.isFinite(bytes) ? '' : bytes >= 2 ** 20 ? `${bytes / 2 ** 20} MiB` : `${bytes / 2 ** 10} KiB`

function describeMachine(machine: MachineMeasurement): string {
  const { processor, instructionSet, threads, one, all } = machine
  const giga = (value: number): string => (value / 1e9).toFixed(1)
  const row = (name: string, unit: string, read: (limits: MachineLimits) => number, holds = ''): string[] => [
    name,
    unit,
    giga(read(one)),
    threads === 1 ? '' : giga(read(all)),
    holds,
  ]
  const head = ['', 'unit', '1 thread', threads === 1 ? '' : `${threads} threads`, 'holds']
  const rows = [
    row('multiply-add, f32', 'Gflop/s', ({ flops }) => flops),
    ...one.levels.map(({ name, bytes }, i) =>
      row(`copy, ${name}`, 'GB/s', ({ levels }) => levels[i].bandwidth, size(bytes)),
    ),
  ]
  const nanoseconds = (seconds: number): string => (seconds * 1e9).toFixed(0)
  const costs = [
    `call of a program from JavaScript   ${nanoseconds(machine.callSeconds)} ns`,
    `smallest kernel, one thread         ${(machine.kernelSeconds * 1e9).toFixed(1)} ns`,
    ...(threads === 1
      ? []
      : [`meeting of ${threads} threads before it   ${nanoseconds(machine.barrierSeconds)} ns`]),
  ]
  return [
    `${processor}, ${instructionSet}, ${threads} thread${threads === 1 ? '' : 's'}. A copy of a byte counts as two.`,
    columns([head, ...rows], []).trimEnd(),
    ...costs,
  ].join('\n')
}
