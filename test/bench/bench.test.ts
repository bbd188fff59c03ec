// The benchmark's command line, its printing, its comparison of losses and the arrays that every contender reads.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { figureOf, reaches, type SmallBenchmark, smallBenchmarks } from '../../bench/aims.js'
import { ArgumentError, parseArguments } from '../../bench/arguments.js'
import { lossDifference, lossTolerance } from '../../bench/compare.js'
import { configurationsOf, peers } from '../../bench/contenders.js'
import { readArrayFile, writeArrayFile } from '../../bench/data/array-file.js'
import { Random } from '../../bench/data/random.js'
import { peakBytes } from '../../bench/measure.js'
import { median } from '../../bench/measurement.js'
import type { Row } from '../../bench/micro/timing.js'
import { resultsText } from '../../bench/results.js'
import { aimLines, sectionLines } from '../../bench/sections.js'
import { problemIn, rowsIn } from '../../bench/small.js'
import { specs } from '../../bench/specs/specs.js'
import { type BenchRow, formatJson, formatTable } from '../../bench/table.js'

const names = [
  'mlp',
  'lenet5',
  'resnet18-cifar',
  'mobilenetv2-cifar',
  'lstm',
  'transformer-encoder',
  'gpt',
  'gcn',
  'resnet18-inference',
]

describe('arguments', () => {
  it('defaults to all models and all peers', () => {
    const options = parseArguments([])
    expect(options.models).toEqual(names)
    expect(options.peers).toEqual(['pytorch', 'pytorch-new', 'jax', 'onnxruntime', 'tfjs', 'jax-js'])
    expect(options).toMatchObject({ newPython: null, write: 'bench/RESULTS.md' })
    expect(parseArguments(['--only', 'mlp']).write).toBeNull()
    expect(parseArguments(['--only', 'mlp', '--write']).write).toBe('bench/RESULTS.md')
    expect(parseArguments(['--write', '--rounds', '1'])).toMatchObject({
      write: 'bench/RESULTS.md',
      rounds: 1,
    })
    expect(parseArguments(['--write', 'x.md']).write).toBe('x.md')
    expect(options.small).toEqual(smallBenchmarks.map(({ name }) => name))
    expect(parseArguments(['--small', 'conv,gemm']).small).toEqual(['gemm', 'conv'])
    expect(parseArguments(['--small', 'none']).small).toEqual([])
    expect(options).toMatchObject({ json: false, device: null, threads: null, rounds: 3, budgetMs: 1500 })
  })

  it('takes models and peers in the order of the table', () => {
    const options = parseArguments([
      '--only',
      'lstm,mlp',
      '--peers',
      'jax-js,pytorch',
      '--threads',
      '2',
      '--json',
    ])
    expect(options.models).toEqual(['mlp', 'lstm'])
    expect(options.peers).toEqual(['pytorch', 'jax-js'])
    expect(options).toMatchObject({ json: true, threads: 2 })
    expect(parseArguments(['--peers', 'none']).peers).toEqual([])
  })

  it.each([
    [['--only', 'vgg'], /--only: expected names out of mlp, .*got 'vgg'/],
    [['--only', ''], /--only: expected names out of .*got none/],
    [['--peers', 'onnx'], /--peers: expected names out of pytorch, pytorch-new, .*jax-js, got 'onnx'/],
    [['--small', 'fft'], /--small: expected names out of gemm, .*got 'fft'/],
    [['--device', 'tpu'], /--device: expected one of .*wasm.*got 'tpu'/],
    [['--threads', '0'], /--threads: expected a whole number of 1 or more, got '0'/],
    [['--rounds', 'many'], /--rounds: expected a whole number of 1 or more, got 'many'/],
    [['--fast'], /--fast.*--help/],
    [['mlp'], /mlp.*--help/],
  ])('refuses %j', (list, message) => {
    expect(() => parseArguments(list)).toThrow(ArgumentError)
    expect(() => parseArguments(list)).toThrow(message)
  })

  it.each([
    [['--only', 'vgg'], "got 'vgg'"],
    [['--fast'], '--fast'],
    [['gemm', '--threads', 'none'], '--threads'],
    [['overhead', '--seconds', '0'], '--seconds'],
  ])('the program exits with code 2 for %j', (list, message) => {
    const run = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
    const result = spawnSync(process.execPath, ['--import', 'tsx', run, ...list], { encoding: 'utf8' })
    expect(result.stderr).toContain(message)
    expect(result.stdout).toBe('')
    expect(result.status).toBe(2)
  })
})

const fast: BenchRow = {
  name: 'mlp',
  ms: 0.75,
  peer: 'pytorch',
  peerVersion: '1.13.0a0',
  peerConfig: 'set_num_threads(1)',
  peerMs: 1.5,
  ratio: 2,
  mb: 150.4,
  peerMb: 220,
}
const unable: BenchRow = {
  ...fast,
  name: 'lenet5',
  ms: 12.34,
  peer: 'tfjs',
  peerVersion: '4.22.0',
  peerConfig: null,
  peerMs: null,
  ratio: null,
  peerMb: null,
  reason: 'no kernel',
}

describe('printing', () => {
  it('prints a table whose columns line up, with notes below', () => {
    const failed: BenchRow = { ...fast, name: 'gcn', ms: 250, ratio: null, error: 'losses disagree' }
    expect(formatTable([fast, unable, failed]).split('\n')).toEqual([
      'model   chainrule ms  peer     version   configuration       peer ms  ratio   MB  peer MB',
      '------  ------------  -------  --------  ------------------  -------  -----  ---  -------',
      'mlp            0.750  pytorch  1.13.0a0  set_num_threads(1)    1.500  2.00×  150      220',
      'lenet5          12.3  tfjs     4.22.0    -                         -  - [1]  150        -',
      'gcn              250  pytorch  1.13.0a0  set_num_threads(1)    1.500  - [2]  150      220',
      '',
      '[1] lenet5, tfjs: no kernel',
      '[2] gcn, pytorch: FAILED: losses disagree',
    ])
  })

  it('prints one JSON object a row', () => {
    expect(formatJson(unable)).not.toContain('\n')
    expect(JSON.parse(formatJson(unable))).toEqual(unable)
    expect(Object.keys(JSON.parse(formatJson(fast)))).toEqual([
      'name',
      'ms',
      'peer',
      'peerVersion',
      'peerConfig',
      'peerMs',
      'ratio',
      'mb',
      'peerMb',
    ])
  })
})

describe('results', () => {
  it('holds ratios against what is wanted and shows where the time goes', () => {
    const kernel = { name: 'k|1', calls: 2, seconds: 0.001, bestSeconds: 0.001, share: 0.5, balance: 1 }
    const rates = { gflops: 10, gigabytes: 5, ofLimit: 0.25, limit: 'L2' }
    const seconds = {
      total: 0.002,
      kernels: 0.001,
      between: 0.0005,
      leastBetween: 0.0005,
      call: 0.0003,
      javascript: 0.0002,
    }
    const program = { device: 'native', threads: 2, seconds, flops: 1e9, bytes: 1e6, limitSeconds: 0.0005 }
    const gemm = smallBenchmarks.find(({ name }) => name === 'gemm')!
    const text = resultsText({
      command: 'npm run bench',
      rows: [
        fast,
        { ...fast, name: 'lenet5', ratio: 2 },
        { ...unable, name: 'gcn' },
        { ...unable, name: 'gpt' },
        { ...fast, name: 'lstm', ratio: null, error: 'losses disagree' },
        { ...fast, name: 'resnet18-cifar', mb: 500, peerMb: 499 },
      ],
      small: [{ benchmark: gemm, rows: [{ 'm×n×k': '64×64×64 nn', threads: 1, ratio: 1 }] }],
      profiles: [
        { model: 'mlp', programs: [{ ...program, kernels: [{ ...kernel, ...rates }] }] },
        { model: 'gcn', problem: 'no device' },
        {
          model: 'lenet5',
          programs: [
            { ...program, kernels: [rates, { ...rates, limit: 'memory' }].map((r) => ({ ...kernel, ...r })) },
          ],
        },
      ],
      descriptions: new Map([['mlp', 'An MLP']]),
    })
    expect(text).toContain('| 2.00 | 1.5 | reached | 150 | 220 |')
    expect(text).toContain('| 2.00 | 3.0 | short | 150 | 220 |')
    expect(text).toContain('| FAILED: losses disagree |')
    const [reason] = text.split('\n').filter((row) => row.startsWith('- `lenet5` beside'))
    expect(reason).toContain('would take 2.000 if each kernel were always as fast')
    expect(reason).toContain('; 50 % of that in kernels bound by the L3 cache or memory')
    // A peer that cannot take part is named once, and has no row.
    expect(text).toContain('- tfjs: no kernel (`gcn`, `gpt`)')
    expect(text.match(/no kernel/g)).toHaveLength(1)
    expect(text).toContain("| ≤ 499 (PyTorch's) | 500 | 0 of 1 | short |")
    expect(text).toContain('in the quietest step, ns | ≤ 1000 | 250000 (mlp) | 0 of 2 | short |')
    expect(text).toContain("JavaScript of the models' steps, µs | ≤ 50 | 200 (mlp) | 0 of 2 | short |")
    expect(text).toContain('## Matrix products beside OpenBLAS')
    expect(text).toContain('kernels 50 %, between them 25 %, call 15 %, JavaScript 10 %')
    expect(text).toContain('| `k\\|1` | 2 | 1.000 | 50 % | 10.0 | 5.0 | 100 % | 25 % | L2 |')
    expect(text).toContain('Not profiled: no device')
  })
})

describe('small benchmarks', () => {
  const named = (name: string): SmallBenchmark => smallBenchmarks.find((b) => b.name === name)!

  it('reads the JSON lines of a process and the cause of its end', () => {
    expect(rowsIn('npm says\n{"a":1}\n\n{"b":"x"}\n')).toEqual([{ a: 1 }, { b: 'x' }])
    expect(problemIn('at x.ts:1\nbench: expected OpenBLAS, found none.\n\nNode v20', 1)).toBe(
      'bench: expected OpenBLAS, found none.',
    )
    expect(problemIn('Error: out of luck\n  at y.ts', 1)).toBe('Error: out of luck')
    expect(problemIn('', null)).toBe('the process ended with a signal')
  })

  it('judges each row of matrix products by its group', () => {
    const row = (size: string, ratio: number) => ({ 'm×n×k': size, threads: 2, ratio })
    const rows = [
      row('64×64×64 nn', 0.96),
      row('2048×2048×2048 nn', 1.1),
      row('65×65×65 nn', 0.96),
      row('16×1024×1024 nn', 0.89),
      row('256×256×256 tn', 0.9),
    ]
    const result = { benchmark: named('gemm'), rows }
    expect(aimLines([result])).toEqual([
      '| matrix products N = 64…2048 beside OpenBLAS | ≥ 0.97 | 0.960 (64×64×64 nn, 2 threads) | 1 of 2 | short |',
      '| matrix products of odd sizes beside OpenBLAS | ≥ 0.9 | 0.960 (65×65×65 nn, 2 threads) | 1 of 1 | reached |',
      '| thin matrix products beside OpenBLAS | ≥ 0.9 | 0.890 (16×1024×1024 nn, 2 threads) | 0 of 1 | short |',
      '| transposed matrix products beside OpenBLAS | ≥ 0.9 | 0.900 (256×256×256 tn, 2 threads) | 1 of 1 | reached |',
    ])
    const text = sectionLines(result).join('\n')
    expect(text).toContain('| 64×64×64 nn | 2 | 0.960 | short: ratio ≥ 0.97 |')
    expect(text).toContain('| 65×65×65 nn | 2 | 0.960 | reached |')
    // The reason stands below, for what is missed alone.
    const reasons = text.slice(text.indexOf('Why rows fall short:'))
    expect(reasons.match(/^- .+: .+\.$/gm)).toHaveLength(2)
    expect(reasons).toContain('- thin matrix products beside OpenBLAS: ')
    expect(reasons).not.toContain('odd sizes')
  })

  it('judges layers of ResNet-18 only, in every direction', () => {
    const layer = (name: string): Row[] =>
      [
        { direction: 'forward', ratio: 2, '÷ forward': 1 },
        { direction: 'data', ratio: 0.7, '÷ forward': 2 },
        { direction: 'weight', ratio: 0.8, '÷ forward': 2.5 },
      ].map((figures) => ({ layer: name, threads: 1, ...figures }))
    const rows = [
      ...layer('32×64×32² → 64, 3×3/1'),
      ...layer('64×1×28² → 6, 5×5/1'),
      ...layer('32×192×16² → 192, 3×3/1 depthwise'),
    ]
    const text = sectionLines({ benchmark: named('conv'), rows }).join('\n')
    expect(text.match(/short: ratio ≥ 0.75/g)).toHaveLength(1)
    expect(text.match(/short: ÷ forward ≤ 1.3/g)).toHaveLength(1)
    const lines = aimLines([{ benchmark: named('conv'), rows }])
    expect(lines.map((line) => line.split(' | ').at(-1))).toEqual([
      'reached |',
      'short |',
      'reached |',
      'short |',
    ])
  })

  it('tells why there are no rows, and keeps rows with other columns apart', () => {
    const problem = 'Error: no OpenBLAS'
    const nothing = { benchmark: named('gemm'), rows: [], problem }
    expect(aimLines([nothing])).toHaveLength(4)
    for (const line of aimLines([nothing])) expect(line).toMatch(/\| – \| – \| Error: no OpenBLAS \|$/)
    expect(sectionLines(nothing)).toContain(`Not measured to the end: ${problem}`)
    const rows: Row[] = [
      { 'm×n×k': '64×64×64 nn', threads: 1, ratio: 0.86 },
      { step: 'mlp', threads: 1, ratio: 0.5 },
    ]
    const text = sectionLines({ benchmark: named('instruction-sets'), rows }).join('\n')
    expect(text).toContain('| m×n×k | threads | ratio |  |')
    expect(text).toContain('| step | threads | ratio |  |')
    expect(text).toContain('| mlp | 1 | 0.500 | short: ratio ≥ 0.85 |')
  })

  it('lets no NaN pass, and refuses rows without the column', () => {
    const [aim] = named('compile-time').aims
    expect(reaches(aim, 3)).toBe(true)
    expect(reaches(aim, Number.NaN)).toBe(false)
    expect(figureOf(aim, { time: 'from the cache', 'tracing and compiling s': 1 })).toBeNull()
    expect(() => figureOf(aim, { time: 'first' })).toThrow(
      /expected a number in column 'tracing and compiling s'/,
    )
  })
})

describe('processes', () => {
  it('tell the peak of their own memory, not of their parent', () => {
    const ballast = new Uint8Array(300e6).fill(1)
    const code = "import { peakBytes } from './bench/measure.ts'; console.log(peakBytes())"
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const list = ['--import', 'tsx', '--input-type=module', '-e', code]
    const { stdout } = spawnSync(process.execPath, list, { cwd: root, encoding: 'utf8' })
    expect(Number(stdout)).toBeGreaterThan(20e6)
    expect(Number(stdout)).toBeLessThan(ballast.length)
    expect(peakBytes()).toBeGreaterThan(ballast.length)
  })

  it('give a reason where their program is missing, and keep nobody waiting', () => {
    const code = `
      import { peers } from './bench/contenders.ts'
      import { launch } from './bench/launch.ts'
      const options = { python: '/nonexistent', newPython: null, environment: {} }
      console.log(JSON.stringify(await launch(peers[0], peers[0].configurations[0], {}, options)))`
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const list = ['--import', 'tsx', '--input-type=module', '-e', code]
    const { status, stdout } = spawnSync(process.execPath, list, {
      cwd: root,
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'unsupported',
      reason: 'there is no program /nonexistent',
    })
    expect(status).toBe(0)
  }, 30_000)

  it('runs configurations of channels last only where there are channels', () => {
    const pytorch = peers.find(({ name }) => name === 'pytorch')!
    const last = (model: string) => configurationsOf(pytorch, model).filter((c) => c.channelsLast).length
    expect([last('mlp'), last('resnet18-cifar')]).toEqual([0, 1])
    // Its own default is one thread on some machines.
    expect(pytorch.configurations.every(({ threads }) => threads !== undefined)).toBe(true)
  })
})

describe('comparison', () => {
  it('accepts losses within the tolerance and names the first step beyond it', () => {
    expect(lossDifference([2, 1], [2 + lossTolerance, 1], 'tfjs')).toBeNull()
    expect(lossDifference([2], [2 + 3 * lossTolerance], 'tfjs')).toMatch(/at step 1/)
    expect(lossDifference([2, 1, 0.5], [2, 1.01, 9], 'tfjs')).toMatch(/at step 2: chainrule 1, tfjs 1.01/)
  })

  it('lets no NaN pass', () => {
    expect(lossDifference([2, Number.NaN], [2, Number.NaN], 'tfjs')).toMatch(/at step 2/)
    expect(lossDifference([2], [Number.NaN], 'tfjs')).toMatch(/at step 1/)
  })

  it('compares the steps that both have', () => {
    expect(lossDifference([2, 1, 0], [2, 1], 'tfjs')).toBeNull()
  })

  it('takes the middle of an odd and the mean of the two middle ones of an even count', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})

describe('arrays', () => {
  it('come back from the file as they were, the same for the same seed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-test-'))
    const path = join(folder, 'arrays.safetensors')
    const { arrays } = specs.find(({ name }) => name === 'lenet5')!
    const first = arrays(new Random(1))
    writeArrayFile(path, first)
    expect(readArrayFile(path)).toEqual(first)
    expect(arrays(new Random(1))).toEqual(first)
    expect(arrays(new Random(2)).inputs.y).not.toEqual(first.inputs.y)
    rmSync(folder, { recursive: true })
  })

  it('hold a symmetric normalised graph sorted by target', () => {
    const { source, target, weight } = specs.find(({ name }) => name === 'gcn')!.arrays(new Random(1)).inputs
    const edges = new Map<string, number>()
    for (let edge = 0; edge < weight.data.length; edge++) {
      edges.set(`${source.data[edge]} ${target.data[edge]}`, weight.data[edge])
      if (edge > 0) expect(target.data[edge]).toBeGreaterThanOrEqual(target.data[edge - 1])
    }
    expect(edges.size).toBe(2708 + 2 * 5278)
    for (const [key, value] of edges) expect(edges.get(key.split(' ').reverse().join(' '))).toBe(value)
  })
})
