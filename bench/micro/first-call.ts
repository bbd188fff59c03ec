// One process of the benchmark `compile-time`: the calls of ResNet-18's training step as a row. Argument: threads. The
// first run is told apart from tracing and compiling: it also gets its memory from the system.
import type { Backend, Executable } from '../../src/backend/backend.js'
import { useDevice } from '../../src/index.js'
import { currentBackend } from '../../src/runtime/devices.js'
import { Random } from '../data/random.js'
import { prepareModel } from '../models/prepare.js'
import { resnet18Cifar } from '../specs/resnet18-cifar.js'

await useDevice('native', { threads: Number(process.argv[2]) })
const settings = { model: 'resnet18-cifar', learningRate: 1e-3, momentum: 0.9 }
const { step, x, y } = await prepareModel(settings, resnet18Cifar.arrays(new Random(1)))

let inRuns = 0
const backend = currentBackend() as { compile: Backend['compile'] }
const compileGraph = backend.compile.bind(backend)
backend.compile = (graph, options) => {
  const executable: { run: Executable['run'] } & Omit<Executable, 'run'> = compileGraph(graph, options)
  const run = executable.run.bind(executable)
  executable.run = (inputs, outputs, changed) => {
    const begin = performance.now()
    run(inputs, outputs, changed)
    inRuns += (performance.now() - begin) / 1000
  }
  return executable
}

const losses: number[] = []
let firstRun = 0
const times = [0, 1, 2, 3, 4].map((call) => {
  const begin = performance.now()
  losses.push(step(x, y).itemSync())
  if (call === 0) firstRun = inRuns
  return (performance.now() - begin) / 1000
})
const run = Math.min(...times.slice(2))
const row = {
  'first call s': times[0],
  'tracing and compiling s': times[0] - firstRun,
  'first run s': firstRun,
  'run s': run,
  'second call (traces again) s': times[1],
  'resident MB': Math.round(process.memoryUsage.rss() / 1e6),
}
console.log(JSON.stringify({ row, losses }))
