// Package backends turns a program into the files of a target.
//
// Generating is pure, writing is separate: a [Backend] sees the IR and its own
// options and returns files in memory; [Write] compares them with what is on
// disk, replaces what differs, deletes what it wrote earlier and no longer
// wants, and refuses to touch files that are not its own.
package backends

import (
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A Backend is one target.
type Backend interface {
	// Name is how the target is called on the command line and under `targets`.
	Name() string
	// OptionsSchema is the CUE text of the target's options.
	OptionsSchema() string
	// Check says what the program asks for that this target cannot do.
	Check(*ir.Program, Options) diag.List
	// Emit returns the files, sorted by path. It is pure: no file, clock,
	// environment or network. An error is a bug of the compiler's.
	Emit(*ir.Program, Options, Layout) ([]File, error)
}

// An Explainer is a backend that says what it makes of a program, and why;
// `flowc explain` prints it for the targets that a pipeline has options for.
type Explainer interface {
	// Explain returns a sentence or several for each subject: what kind of thing is
	// deployed, how it is rolled out, what its state rests on. Subjects are in the
	// order of importance. The program passed Check.
	Explain(*ir.Program, Options) []Reason
}

// A Reason is what a target makes of one aspect of a program: "service", with the
// reason in sentences.
type Reason struct{ Subject, Says string }

// Needs is the subject of what must be there before the files of a target are used;
// `flowc emit` prints it.
const Needs = "needs"

// Options are a target's options as its schema evaluated them: JSON, nil for
// none. Each backend decodes them into a type of its own.
type Options []byte

// A File is one file of a target.
type File struct {
	// Path is relative to the output folder, with slashes.
	Path string
	Data []byte
	// Verbatim files carry no header that says who wrote them (the copy of the
	// pipeline, go.sum); they are remembered in the list of written files.
	Verbatim bool
}

// A Module is a Go module that a program needs, with its lines of go.sum.
type Module struct {
	Path, Version, Sum, GoModSum string
	// Indirect tells that other modules import it, and no file of the program.
	Indirect bool
	// GoMods are lines of go.sum for go.mod files of further modules, which the
	// go command reads and which no package comes from.
	GoMods []string
}

// Sums are the module's lines of go.sum, each with its line end.
func (m Module) Sums() []string {
	lines := []string{m.Path + " " + m.Version + " " + m.Sum + "\n", m.Path + " " + m.Version + "/go.mod " + m.GoModSum + "\n"}
	for _, line := range m.GoMods {
		lines = append(lines, line+"\n")
	}
	return lines
}

// A Layout says where the output will lie and as what.
type Layout struct {
	// Package is "main", or the name of an importable package.
	Package string
	// Path is the import path of the generated package.
	Path string
	// Inside is set where the package is part of the user's module: then it has
	// no go.mod of its own.
	Inside bool
	// Shared is the import path of a runtime that several packages of one module
	// share; then none is emitted with the package. "" gives it a copy of its own.
	Shared string
	// Piece tells that the package is one of the processes of a pipeline that was cut:
	// it gives its program to the main package.
	Piece bool
	// Hash identifies the pipeline; the program shows it.
	Hash string
	// Image is the reference of the program's image, for targets that run one; ""
	// is the pipeline's name with its hash as tag.
	Image string
	// Form is how the files are laid out, where a target has several ways; "" is its
	// usual one.
	Form string
	// Version is flowc's own version, for headers.
	Version string
}

// Runtime is the import path at which generated code finds the runtime's copy.
func (l Layout) Runtime() string {
	if l.Shared != "" {
		return l.Shared
	}
	return l.Path + "/runtime"
}

// VersionSuffix is flowc's version with a space before it, "" for an unstamped
// compiler, whose output must not depend on how it was built.
func (l Layout) VersionSuffix() string {
	if l.Version == "" {
		return ""
	}
	return " " + l.Version
}
