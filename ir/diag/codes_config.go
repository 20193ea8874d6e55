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
	// NoConfig is a config where none can be.
	NoConfig Code = "no-config"
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
	// NotYet is a part of the language that this version does not compile.
	NotYet Code = "not-yet"
)

var configCodes = []Info{}
