package diag

// Components in processes and containers of their own.
const (
	// ForeignLines is a command that is talked to by lines although nothing says so.
	ForeignLines Code = "foreign-lines"
	// Descriptor is a metadata.json that can't be read, or that says something else than
	// the node.
	Descriptor Code = "descriptor"
	// LockFile is a reference that flowc.lock does not have, or a flowc.lock that can't be
	// read.
	LockFile Code = "lock-file"
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
	{
		Code:  LockFile,
		Title: "a reference that is not pinned, or a flowc.lock that can't be read",
		Text: `flowc.lock stands beside the pipelines and says what their references of components mean:
the digest of the image that ` + "`" + `type: org/name@v1` + "`" + ` had when it was pinned, the sum of the module
of ` + "`" + `go: example.com/mod/cmd/name@v1` + "`" + `, and what the component says of itself. A reference
that it does not have is pinned by the first command that needs the component (` + "`" + `run` + "`" + `,
` + "`" + `build` + "`" + `, ` + "`" + `image` + "`" + `, ` + "`" + `emit` + "`" + `, ` + "`" + `apply` + "`" + `), or by ` + "`" + `flowc components add` + "`" + `; until then its types and
its config are not checked. With ` + "`" + `--frozen` + "`" + `, and where CI runs, nothing is pinned, and this
is an error. The file is written by flowc and committed with the pipeline; after a merge
that can't be resolved take either side, and pin what is missing again.`,
		Bad: `pipeline: ledgers
sources:
  ledgers: {type: acme/ledgers@v1.0.0}
sinks:
  show: {from: ledgers, use: stdout, config: {format: text}}
`,
		Good: `pipeline: ledgers
sources:
  ledgers: {command: [./ledgers]}
sinks:
  show: {from: ledgers, use: stdout, config: {format: text}}
`,
	},
}
