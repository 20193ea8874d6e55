package flowtest

// A Guarantee is what a path of a pipeline promises, as `flowc explain` prints it.
type Guarantee string

// The guarantees. At most once, a record may be missing and comes never twice; at
// least once, it is never missing and may come again; effectively once, neither.
const (
	AtMostOnce      Guarantee = "at-most-once"
	AtLeastOnce     Guarantee = "at-least-once"
	EffectivelyOnce Guarantee = "effectively-once"
)

// Found is a record as it was found.
type Found struct {
	// ID is the identity that it has there; "" for one that can't be told.
	ID string
	// Data are its bytes.
	Data []byte
}

// A Place is a file, topic or table, with what was found in it in the order in
// which it was written.
type Place struct {
	Name    string
	Records []Found
}

// A Branch is a path from the producer to where each of its records must have
// ended, in one place alone: a pipeline that fans out has several.
type Branch struct {
	// Name is the branch's name in the verdict.
	Name      string
	Guarantee Guarantee
	// Unordered tells that the pipeline gives up order in words.
	Unordered bool
	// Unsteady tells that what fails may succeed when it is tried again after a
	// crash: a record that comes again may then end elsewhere.
	Unsteady bool
	// Wants tells which records the branch is to have, nil for all: the others
	// are filtered, and must not be there.
	Wants func(Record) bool
	// Becomes gives the bytes of a record in the sinks, nil where they stay what
	// they were.
	Becomes func(Record) []byte
	// Sinks and Dead are where records end; a dead letter holds the original's
	// bytes.
	Sinks, Dead []Place
	// Drops are the IDs of records that were dropped as the pipeline says.
	Drops []string
}
