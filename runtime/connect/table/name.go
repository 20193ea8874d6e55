package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// MostTables is how many tables a sink is ready to write to at once, where each
// record says which is its: those that were not used for longest are let go of,
// and looked at again when a record comes for them.
const MostTables = 256

// A Naming is how records say which table is theirs, where `table` has values of
// them. What the pipeline says itself is trusted; what a record gives is not: it
// can't lead to another schema, nor to a table of the database's own or of flowc's.
type Naming struct {
	// Literal is what stands before the first value of a record.
	Literal string
	// Longest is how many bytes a name may have: a server that cuts it would make
	// one table of two.
	Longest int
	// Reserved are what names begin with that are not the records' to give, in
	// small letters.
	Reserved []string
}

// KeyOf is where in Out.Keys the tables of the records stand; -1 where all go to
// one.
func KeyOf(out connect.Output) int { return slices.Index(out.Keys, "table") }

// Check tells whether a table may be a record's. If not it is an error of the
// record.
func (n *Naming) Check(name string) error {
	given, ok := strings.CutPrefix(name, n.Literal)
	if !ok { // the program joins both
		return named("%q does not begin with %q", name, n.Literal)
	}
	own := name[strings.LastIndexByte(n.Literal, '.')+1:]
	switch {
	case given == "":
		return named("the record's part of the table's name is empty")
	case strings.Contains(given, "."):
		return named("the name of a table is %q, and what a record gives of it has no dot: it would be another schema", name)
	case !utf8.ValidString(given) || strings.ContainsFunc(given, unicode.IsControl):
		return named("the name of a table is %q, and what a record gives of it is text without control characters", name)
	case n.Longest > 0 && len(own) > n.Longest:
		return named("the name of a table is %q, which has %d bytes; %d is the most", own, len(own), n.Longest)
	}
	own, said := strings.ToLower(own), strings.ToLower(n.Literal[strings.LastIndexByte(n.Literal, '.')+1:])
	for _, r := range n.Reserved {
		if strings.HasPrefix(own, r) && !strings.HasPrefix(said, r) {
			return named("the name of a table is %q, and those that begin with %s are not for records to give", name, r)
		}
	}
	return nil
}

func named(format string, args ...any) error {
	return &RowError{Name: "table", Err: fmt.Errorf(format, args...)}
}

// OfRecord is an error of making a table ready that a record names. One that does
// not fit is the record's fault: others have tables of their own.
func OfRecord(err error) error {
	var misfit *Misfit
	var wrong *ConfigError
	var row *RowError
	if errors.As(err, &misfit) || errors.As(err, &wrong) || errors.As(err, &row) {
		return &RowError{Name: "table", Err: err}
	}
	return err
}

// A Ready are the tables that a sink is ready to write to, by name: not more than
// MostTables.
type Ready[T any] struct {
	tables map[string]*readyTable[T]
	clock  uint64
	// Close lets go of one; nil where there is nothing to do.
	Close func(T)
}

type readyTable[T any] struct {
	target T
	used   uint64
}

// Get is the table with a name, if it is ready.
func (r *Ready[T]) Get(name string) (target T, ok bool) {
	t := r.tables[name]
	if t == nil {
		return target, false
	}
	r.clock++
	t.used = r.clock
	return t.target, true
}

// Put adds one, in the place of that which was not used for longest where there
// are too many.
func (r *Ready[T]) Put(name string, target T) {
	if r.tables == nil {
		r.tables = map[string]*readyTable[T]{}
	}
	if len(r.tables) >= MostTables {
		oldest := ""
		for n, t := range r.tables {
			if oldest == "" || t.used < r.tables[oldest].used {
				oldest = n
			}
		}
		r.close(r.tables[oldest].target)
		delete(r.tables, oldest)
	}
	r.clock++
	r.tables[name] = &readyTable[T]{target, r.clock}
}

// Len is how many are ready.
func (r *Ready[T]) Len() int { return len(r.tables) }

// Forget lets go of all: a transaction that is rolled back takes the tables along
// that were made in it.
func (r *Ready[T]) Forget() {
	for _, t := range r.tables {
		r.close(t.target)
	}
	clear(r.tables)
}

func (r *Ready[T]) close(target T) {
	if r.Close != nil {
		r.Close(target)
	}
}
