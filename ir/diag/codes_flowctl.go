package diag

// The spellings of flowctl.
const (
	// APIVersion is an `apiVersion` that no version of the language has.
	APIVersion Code = "api-version"
	// IDCollision is two ids that are one name where dots can't stand.
	IDCollision Code = "id-collision"
	// PortCollision is a port that two components of one host listen on.
	PortCollision Code = "port-collision"
	// EventType is a component that takes events which its input does not give.
	EventType Code = "event-type"
	// LiteralDollar is what looks like a variable, and is taken as it stands.
	LiteralDollar Code = "literal-dollar"
	// NotCarried is a part of a file that has no place in the pipeline.
	NotCarried Code = "not-carried"
	// ChooseOne is a file that means several pipelines, of which one is to be named.
	ChooseOne Code = "choose-one"
)

var flowctlCodes = []Info{
	{
		Code:  APIVersion,
		Title: "a version of the language that there is not",
		Text: `flowctl reads any ` + "`" + `apiVersion` + "`" + ` as if it were flowctl/v1, a misspelt one too. Here the version
decides how the file is read, so it must be one that there is: flowctl/v1. Other
spellings of flowctl are rewritten by ` + "`" + `flowc migrate` + "`" + `.`,
		Bad: `apiVersion: flowctl/v1beta1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, use: stdin, out: text}
  sinks:
    - {id: store, inputs: [ledger], use: stdout}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, use: stdin, out: text}
  sinks:
    - {id: store, inputs: [ledger], use: stdout}
`,
	},
	{
		Code:  IDCollision,
		Title: "two ids that become one name",
		Text: `Services, containers, files and variables are called by the ids of components, and none
of them may hold a dot. So ` + "`" + `a.b` + "`" + ` becomes ` + "`" + `a-b` + "`" + `; where another component is called that
already, one of them needs another id. (flowctl makes one service of both.)`,
		Bad: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, use: stdin, out: text}
  sinks:
    - {id: out.all, inputs: [ledger], use: stdout}
    - {id: out-all, inputs: [ledger], use: drop}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, use: stdin, out: text}
  sinks:
    - {id: out.all, inputs: [ledger], use: stdout}
    - {id: rest, inputs: [ledger], use: drop}
`,
	},
	{
		Code:  PortCollision,
		Title: "two components that listen on one port",
		Text: `Components on one host share its ports. A port that is not written (` + "`" + `PORT` + "`" + `,
` + "`" + `HEALTH_PORT` + "`" + ` and ` + "`" + `health_port` + "`" + ` left out) is assigned, and handed to the component in its
environment, so that numbers need not be counted by hand.`,
		Bad: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], health_port: 8081}
  sinks:
    - {id: store, inputs: [ledger], command: [./store], health_port: 8081}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger]}
  sinks:
    - {id: store, inputs: [ledger], command: [./store]}
`,
	},
	{
		Code:  EventType,
		Title: "a component that takes events which nobody gives it",
		Text: `What a component takes (` + "`" + `input_event_types` + "`" + `) and what those in its ` + "`" + `inputs` + "`" + ` give
(` + "`" + `output_event_types` + "`" + `) must have an event type in common, and each type that is taken must
come from one of them: otherwise nothing would ever arrive, and nobody would say so.`,
		Bad: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], output_event_types: [shop.payment.v1]}
  sinks:
    - {id: store, inputs: [ledger], command: [./store], input_event_types: [shop.payments.v1]}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], output_event_types: [shop.payment.v1]}
  sinks:
    - {id: store, inputs: [ledger], command: [./store], input_event_types: [shop.payment.v1]}
`,
	},
	{
		Code:  LiteralDollar,
		Title: "a variable that nobody expands",
		Text: `` + "`" + `$HOME` + "`" + `, ` + "`" + `$(pwd)` + "`" + ` or ` + "`" + `${var.x}` + "`" + ` in a value come from shells and templates; flowctl hands
them on as they stand, and so does flowc, with this warning. A value from the environment
of the program is ` + "`" + `${env:NAME}` + "`" + `, with a default ` + "`" + `${env:NAME:-value}` + "`" + `, and one from a file
` + "`" + `${file:/run/secrets/name}` + "`" + `. In a script for ` + "`" + `sh -c` + "`" + ` the dollar is the shell's, and nothing is said.`,
		Bad: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], env: {FOLDER: "$HOME/ledger"}}
  sinks:
    - {id: store, inputs: [ledger], command: [./store]}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], env: {FOLDER: "${env:HOME}/ledger"}}
  sinks:
    - {id: store, inputs: [ledger], command: [./store]}
`,
	},
	{
		Code:  NotCarried,
		Title: "something that has no place in the pipeline",
		Text: `Nothing of a file is left out in silence: this warning names what could not be carried
into the pipeline (or, by ` + "`" + `flowc migrate` + "`" + `, into the new spelling) and what to do about it.
In migrated files such entries stand as comments.`,
		Bad: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  config: {level: info}
  sources:
    - {id: ledger, command: [./ledger]}
  sinks:
    - {id: store, inputs: [ledger], command: [./store]}
`,
		Good: `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: payments}
spec:
  sources:
    - {id: ledger, command: [./ledger], config: {level: info}}
  sinks:
    - {id: store, inputs: [ledger], command: [./store]}
`,
	},
	{
		Code:  ChooseOne,
		Title: "a file with several pipelines, or several ways to read it",
		Text: `` + "`" + `flowc migrate` + "`" + ` writes one pipeline. Where a file holds several, or asks for a result that
several components could give, it lists them and writes nothing until one is named: it
never picks in silence.`,
	},
}
