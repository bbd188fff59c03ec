export * from '../codegen/program.js'
