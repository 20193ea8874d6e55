// Package program is the main of a built pipeline: settings, flags, logs,
// signals, telemetry, the report and the exit code around a flow.Program.
//
// The environment is read here and nowhere else. References (${env:NAME},
// ${file:PATH}) are resolved first, then the tunables are set: those of
// FLOWC_SET, over them those of --set-file, over them those of --set. Only then
// is the program made and run.
package program

import (
	"context"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Spec is what the compiler knows about the program.
type Spec struct {
	// Name is the pipeline's, Hash that of its text, Version the version of
	// flowc that built it, File the YAML file as errors name it.
	Name, Hash, Version, File string
	// Refs are the values from outside, Settings the tunables.
	Refs     []Ref
	Settings []Setting
	// Fresh are configurations with values of files, which are looked at as long as
	// the program runs.
	Fresh []Fresh
	// Telemetry, where set, is the pipeline's telemetry block; settings may
	// point into it.
	Telemetry *Telemetry
	// Keeper is the sink or the store that keeps the checkpoint, "" where the state
	// folder does.
	Keeper string
	// LeftOut, where set, has New make the program without the connectors of the nodes
	// in it: those of which a Ref names the Node.
	LeftOut flow.LeftOut
	// Jobs, where set, runs whole programs to their end before, beside and behind the records,
	// which the function that it is given reads and writes. It returns the error of what
	// failed first, or that of the context where that ended before all was complete.
	Jobs func(ctx context.Context, o flow.RunOptions, records func(context.Context) error) error
	// New wires the program. It is called when all settings have their values.
	New func() (*flow.Program, error)
}

// A Telemetry is the pipeline's telemetry block.
type Telemetry struct {
	// HTTP is the address of /livez, /readyz and /metrics; empty for none.
	HTTP string
	// Log is "text" (the default) or "json", Level debug, info, warn or error.
	Log, Level string
	// Progress is "auto" (the default: where stderr is a terminal), "always" or
	// "never".
	Progress string
}

// A Setting is one tunable: node.config.key.
type Setting struct {
	Key string
	// Place is "file:line" where the pipeline gives its value, if it does.
	Place string
	Set   Value
	// Secret values are never printed.
	Secret bool
	// Doc is one line for --help.
	Doc string
}

// A Ref is a value of the pipeline that holds ${env:…} or ${file:…}.
type Ref struct {
	// Key is the setting's, or the name of the let value; Place is "file:line".
	Key, Place string
	Set        Value
	Parts      []Part
	// Node is what can't be made without the value and can be left out: a source or
	// a sink, or delivery.checkpoint, which is the store of the checkpoint. "" is all
	// else, which only a program that runs uses.
	Node string
}

// A Part is a piece of a Ref: made by Literal, Env, EnvOr or File.
type Part struct {
	kind     partKind
	text     string
	fallback string
}

type partKind uint8

const (
	partLiteral partKind = iota
	partEnv
	partEnvOr
	partFile
)

// Literal is text as it stands.
func Literal(text string) Part { return Part{kind: partLiteral, text: text} }

// Env is the value of a variable that must be set.
func Env(name string) Part { return Part{kind: partEnv, text: name} }

// EnvOr is the value of a variable, or fallback where it is unset or empty.
func EnvOr(name, fallback string) Part {
	return Part{kind: partEnvOr, text: name, fallback: fallback}
}

// File is the content of a file, without one line end at its end.
func File(path string) Part { return Part{kind: partFile, text: path} }

// A Value is a typed place for a setting. The functions of this package named
// after types make them.
type Value interface {
	// Set parses text and stores it; the error says what is expected.
	Set(text string) error
	// String is the value that is stored now, in the form that Set takes.
	String() string
	// Type names what is expected: "string", "duration", "size".
	Type() string
}

type value[T any] struct {
	at     *T
	parse  func(string) (T, error)
	format func(T) string
	typ    string
}

// Set parses text and stores it.
func (v value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err != nil {
		return err
	}
	*v.at = parsed
	return nil
}

// String is the value that is stored now.
func (v value[T]) String() string { return v.format(*v.at) }

// Type names what is expected.
func (v value[T]) Type() string { return v.typ }
