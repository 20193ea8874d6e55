package diag

// The keys and values of the pipeline and of its nodes' configs.
const (
	// UnknownKey is a key that the mapping it stands in can't have.
	UnknownKey Code = "unknown-key"
	// MissingKey is a key that must be there and is not.
	MissingKey Code = "missing-key"
	// MissingValue is a key without a value.
	MissingValue Code = "missing-value"
	// WrongType is a value of another kind than its key takes.
	WrongType Code = "wrong-type"
	// BadValue is a value of the right kind that its key does not take.
	BadValue Code = "bad-value"
	// KeyConflict is a key that can't stand beside another.
	KeyConflict Code = "key-conflict"
	// UnknownConnector is a `use:` that names no built-in.
	UnknownConnector Code = "unknown-connector"
	// ConnectorRole is a built-in that can't be what the node is.
	ConnectorRole Code = "connector-role"
	// BadReference is a `${…}` that can't be read.
	BadReference Code = "bad-reference"
	// NotPerRecord is a `${in.…}` in a key that is set once.
	NotPerRecord Code = "not-per-record"
	// SecretLiteral is a secret that is written into the pipeline.
	SecretLiteral Code = "secret-literal"
	// UnknownFormat is a format that a connector can't read or write, or that
	// nothing tells.
	UnknownFormat Code = "unknown-format"
	// BadLet is a let value that can't be read.
	BadLet Code = "bad-let"
	// BadParse is a `parse` that can't decode into its type.
	BadParse Code = "bad-parse"
	// UnknownTarget is a block under `targets` for a target that does not exist.
	UnknownTarget Code = "unknown-target"
	// BadRange is a `range` that its source can't read.
	BadRange Code = "bad-range"
	// RangeOrder is a range that is read in several chunks at once, where order is
	// asked for.
	RangeOrder Code = "range-order"
	// NotYet is a part of the language that this version does not compile.
	NotYet Code = "not-yet"
)

var configCodes = []Info{
	{
		Code:  UnknownKey,
		Title: "a key that can't stand where it stands",
		Text: `Every mapping of a pipeline has its keys, and a key that it does not have is an
error everywhere, so that a misspelt one is never ignored in silence. The keys of a
node are those of its kind; the keys in ` + "`" + `config` + "`" + ` are those of its connector, or of
the Go struct that its component takes.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filtr: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  MissingKey,
		Title: "a key that must be there",
		Text: `Some keys have no sensible default: a processor's ` + "`" + `from` + "`" + `, a file's ` + "`" + `path` + "`" + `. The error
names the key and says what it takes.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, out: Payment}
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
		Code:  MissingValue,
		Title: "a key without a value",
		Text: `In YAML a key with nothing behind it is null, which no key of a pipeline takes. Give
it a value or remove it. (In an overlay, null removes the key from the pipeline.)`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter:
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter: in.Amount > 100
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  WrongType,
		Title: "a value of another kind than its key takes",
		Text: `A list where a name should be, a word where a number should be. YAML decides by the
form: 12 is a number, "12" a string, ` + "`" + `yes` + "`" + ` and ` + "`" + `on` + "`" + ` are strings (only true and false
are bools), [a] is a list.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100, parallel: four}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100, parallel: 4}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  BadValue,
		Title: "a value of the right kind that its key does not take",
		Text: `A number out of range, a word that is none of those a key knows, a length of time
without a unit. Lengths of time are written as in Go (100ms, 1m30s; the units are
ns, us, ms, s, m and h), numbers of bytes with B, KB, MB, GB or KiB, MiB, GiB.`,
		Bad: `pipeline: payments
delivery: {drain: 30}
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
delivery: {drain: 30s}
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  KeyConflict,
		Title: "a key that can't stand beside another",
		Text: `Two keys contradict each other or say the same thing twice: a field that is set and
unset, options of CSV for another format, a node that is named twice in one ` + "`" + `from` + "`" + `.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  tiers: {from: ledger, set: {id: in.ID}, unset: [id]}
sinks:
  store: {from: tiers, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  tiers: {from: ledger, set: {tier: '"gold"'}, unset: [id]}
sinks:
  store: {from: tiers, use: stdout}
`,
	},
	{
		Code:  UnknownConnector,
		Title: "a `use:` that names no built-in",
		Text: `` + "`" + `use` + "`" + ` names a built-in (file, stdin, stdout, http, generate, log, drop …) or Go of
yours: a folder beside the pipeline, a dot and a name (./pricing.New), or an import
path. Processors have no built-ins: what they do is a verb (filter, map …) or Go.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: flie, config: {path: payments.ndjson}, out: Payment}
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
		Code:  ConnectorRole,
		Title: "a built-in that can't be what the node is",
		Text: `Some built-ins only read (stdin, generate), some only write (stdout, log, drop), and
none is a processor.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdin}
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
		Code:  BadReference,
		Title: "a `${…}` that can't be read",
		Text: `A value may take parts from outside, when the program starts or for each record:

    ${env:NAME}              an environment variable, which must be set
    ${env:NAME:-default}     … or the default
    ${file:/run/secrets/x}   the content of a file, without its last line break
    ${in.Field}              of the record, in keys that are set for each record
    ${meta.Key}              of its metadata

Two characters ` + "`" + `${` + "`" + ` that mean themselves are written ` + "`" + `$${` + "`" + `.

Files of services, which flowc sandbox starts, have Compose's variables: ` + "`" + `${NAME}` + "`" + `, ` + "`" + `${NAME:-default}` + "`" + `; a dollar
is ` + "`" + `$$` + "`" + ` there.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: "${DATA}/payments.ndjson"}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: "${env:DATA}/payments.ndjson"}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  NotPerRecord,
		Title: "a reference to the record in a key that is set once, or that has no text",
		Text: `Most keys get their value when the program starts, before there is any record. Keys
that a connector marks "per record" (the path of a file sink, a topic, a table) may
hold ${in.Field} and ${meta.Key}. The value has to have one text: a string, a number,
an enum, a bool, a time. An optional field needs a default: ${or(in.Memo, "none")}.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: "${in.ID}.ndjson"}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: file, config: {path: "out/${in.ID}.ndjson"}}
`,
	},
	{
		Code:  BadRange,
		Title: "a range that the source can't read",
		Text: `A range is a part of a source that can be read again, from one place to before
another: numbers or times of messages, keys of rows, names of files. It begins before
it ends, its ends are what the source knows as places, and nothing beside it says
where reading begins, or that it never ends.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: generate, range: {from: 2000, to: 1000}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: generate, range: {from: 1000, to: 2000}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  RangeOrder,
		Title: "chunks that are read at once, where order is asked for",
		Text: `With ` + "`parallel`" + ` a range is read in chunks, several at once. Each keeps its order, and
what comes of different chunks is mixed. A node that asks for order can't have it then:
one with ` + "`order: kept`" + `, or one with a ` + "`key`" + `, by which records of one key keep theirs.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: sqlite, config: {path: p.db, table: payments, key: id}, range: {parallel: 4}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100, order: kept}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: sqlite, config: {path: p.db, table: payments, key: id}, range: {parallel: 4}, out: Payment}
processors:
  large: {from: ledger, filter: in.Amount > 100}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  SecretLiteral,
		Title: "a secret that is written into the pipeline",
		Text: `A pipeline is read, shared and committed, and its values are compiled into a
program. A key that holds a secret (a password, a token) therefore takes references
alone: ${env:NAME} or ${file:/run/secrets/name}. It is then never printed, and in no
generated file.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: http, config: {url: "https://example.com", token: hunter2}}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: http, config: {url: "https://example.com", token: "${env:TOKEN}"}}
`,
	},
	{
		Code:  UnknownFormat,
		Title: "a format that is not known, or that a connector does not have",
		Text: `The extension of a file's path tells the format: .ndjson and .jsonl, .json, .csv,
.txt and .log, and behind it .gz or .zst. Where it does not, or where the path is
known only when the program starts, ` + "`" + `format` + "`" + ` in the config says it: ndjson, json,
csv, text or bytes.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.dat}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.dat, format: ndjson}, out: Payment}
sinks:
  store: {from: ledger, use: stdout}
`,
	},
	{
		Code:  BadLet,
		Title: "a let value that can't be read",
		Text: `A let value is a constant of a node's Go. A number is untyped, as in Go; a text is a
string. Others, and values from outside, name their type:

    limit: 100
    rate: {decimal: "0.0025"}
    card: {regexp: '\d{16}'}
    most: {decimal: "${env:MOST:-100}"}
    known: {set: [EUR, USD]}

The name is used as it is in Go, so it is a Go name, and none that has a meaning
there already (in, meta, or).`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter: in.Amount > 100
    let: {in: 100}
sinks:
  store: {from: large, use: stdout}
`,
		Good: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  large:
    from: ledger
    filter: in.Amount > limit
    let: {limit: 100}
sinks:
  store: {from: large, use: stdout}
`,
	},
	{
		Code:  BadParse,
		Title: "a `parse` that can't fill its type",
		Text: `` + "`" + `parse` + "`" + ` decodes text into the fields of the type that ` + "`" + `out` + "`" + ` names. The groups of a
regular expression are called as the fields are, and each field that is not optional
has one; the columns of CSV likewise. ` + "`" + `text` + "`" + ` gives the text where the record itself
is none.`,
		Bad: `pipeline: payments
sources:
  lines: {use: stdin, out: text}
processors:
  entries:
    from: lines
    parse: {regexp: '(?P<level>\w+)'}
    out: {level: string, message: string}
sinks:
  store: {from: entries, use: stdout}
`,
		Good: `pipeline: payments
sources:
  lines: {use: stdin, out: text}
processors:
  entries:
    from: lines
    parse: {regexp: '(?P<level>\w+) (?P<message>.*)'}
    out: {level: string, message: string}
sinks:
  store: {from: entries, use: stdout}
`,
	},
	{
		Code:  UnknownTarget,
		Title: "a block under `targets` for a target that does not exist",
		Text: `` + "`" + `targets` + "`" + ` holds options for the targets that a pipeline is emitted to, a block each,
under the target's name. ` + "`" + `flowc emit --help` + "`" + ` lists the targets.`,
	},
	{
		Code:  NotYet,
		Title: "a part of the language that this version does not compile",
		Text: `The language has parts that come with later versions. The error names what is
missing and what does the same in this version, where something does.`,
		Bad: `pipeline: payments
types:
  Payment: {id: string, amount: decimal}
sources:
  ledger: {use: file, config: {path: payments.ndjson}, out: Payment}
processors:
  minutes: {from: ledger, window: 1m}
sinks:
  store: {from: minutes, use: stdout}
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
