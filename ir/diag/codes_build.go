package diag

// Files, and the compiler itself.
const (
	// FileNotFound is a file that can't be read.
	FileNotFound Code = "file-not-found"
	// IncludeConflict is a key in a file and in one that it includes.
	IncludeConflict Code = "include-conflict"
	// IncludeCycle is a file that includes itself.
	IncludeCycle Code = "include-cycle"
	// ForeignDialect is a pipeline in the spelling of another tool.
	ForeignDialect Code = "foreign-dialect"
	// NoDialect is a file that is no pipeline.
	NoDialect Code = "no-dialect"
)

var buildCodes = []Info{
	{
		Code:  FileNotFound,
		Title: "a file that can't be read",
		Text: `A file that an ` + "`" + `include` + "`" + ` or a type names is not there, or may not be read. Paths are
relative to the file that names them.`,
		Bad: `pipeline: payments
include: [shared.yaml]
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  IncludeConflict,
		Title: "a key in a file and in one that it includes",
		Text: `` + "`" + `include` + "`" + ` adds types, nodes and defaults; it replaces nothing, so a name that is in
both files is a mistake. What is meant to replace something for one environment
belongs into an overlay (` + "`" + `--overlay prod.yaml` + "`" + `, ` + "`" + `--env prod` + "`" + `), which is laid over the
pipeline key by key, later ones winning.`,
	},
	{
		Code:  IncludeCycle,
		Title: "a file that includes itself",
		Text:  `Files may include files, but none may lead back to one that is being read.`,
	},
	{
		Code:  ForeignDialect,
		Title: "a pipeline in the spelling of another tool",
		Text: `The file is a pipeline, but in a spelling that is not compiled: one of flowctl's older
ones, of cdp, of Flow. The message says which one it is, by what only that spelling has;
` + "`" + `flowc migrate FILE` + "`" + ` writes it anew in the short spelling and says what it could not carry.`,
		Bad: `version: 0.1
source: {type: stellar, params: {network: testnet}}
processors: []
sink: {type: kafka, params: {topic: payments}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  NoDialect,
		Title: "a file that is no pipeline",
		Text: `A pipeline is a mapping with the keys ` + "`" + `pipeline` + "`" + `, ` + "`" + `types` + "`" + `, ` + "`" + `sources` + "`" + `, ` + "`" + `processors` + "`" + ` and
` + "`" + `sinks` + "`" + `.`,
		Bad: `- payments
- trades
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
}
