package diag

// Components in processes and containers of their own.
const (
	// ForeignLines is a command that is talked to by lines although nothing says so.
	ForeignLines Code = "foreign-lines"
	// Descriptor is a metadata.json that can't be read, or that says something else than
	// the node.
	Descriptor Code = "descriptor"
)

var foreignCodes = []Info{
	{
		Code:  ForeignLines,
		Title: "a command that is talked to by lines",
		Text: `A component in a process of its own serves gRPC (flowctl.v1), unless ` + "`" + `protocol` + "`" + ` says
otherwise. A command that begins with a program which reads and writes lines (a shell,
jq, awk, grep …) and has no ` + "`" + `port` + "`" + ` is talked to by lines: one line an event, on its
standard input and output. This note says so; ` + "`" + `protocol: lines` + "`" + ` (or ` + "`" + `ndjson` + "`" + `, whose lines
are JSON) says it in the pipeline, and the note goes.`,
		Bad: `pipeline: upper
sources:
  lines: {use: file, config: {path: in.txt}, out: text}
processors:
  upper: {from: lines, command: [tr, a-z, A-Z]}
sinks:
  show: {from: upper, use: stdout}
`,
		Good: `pipeline: upper
sources:
  lines: {use: file, config: {path: in.txt}, out: text}
processors:
  upper: {from: lines, command: [tr, a-z, A-Z], protocol: lines}
sinks:
  show: {from: upper, use: stdout}
`,
	},
	{
		Code:  Descriptor,
		Title: "a descriptor that can't be read, or that says something else",
		Text: `` + "`" + `metadata` + "`" + ` names the metadata.json of a component: its role, the event types that it
takes and gives, and the variables that its config becomes. It must be there and be
JSON, and what the node says must agree with it: a component that says it is a source
can't stand under ` + "`" + `sinks` + "`" + `, and event types are those that it lists.`,
		Bad: `pipeline: ledgers
sources:
  ledgers: {command: [./ledgers], protocol: lines, metadata: missing.json}
sinks:
  show: {from: ledgers, use: stdout, config: {format: text}}
`,
		Good: `pipeline: ledgers
sources:
  ledgers: {command: [./ledgers], protocol: lines}
sinks:
  show: {from: ledgers, use: stdout, config: {format: text}}
`,
	},
}
