package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// What a record gives of the name of its table can't lead to another schema, nor to
// what is the database's or flowc's.
func TestNamesOfRecords(t *testing.T) {
	for _, c := range []struct{ literal, given, refused string }{
		{"events_", "click", ""},
		{"events_", `a"; DROP TABLE x; --`, ""}, // quoted it is a name like others
		{"sales.events_", "click", ""},
		{"sales.", "click", ""},
		{"", "click", ""},
		{"", "Ünïcode", ""},
		{"", strings.Repeat("x", 63), ""},
		{"sales.", strings.Repeat("x", 63), ""},
		{"pg_of_", "x", ""}, // the pipeline says so itself
		{"events_", "", "empty"},
		{"", "", "empty"},
		{"", "other.click", "dot"},
		{"sales.", "other.click", "dot"},
		{"events_", ".", "dot"},
		{"events_", "a\x00b", "control"},
		{"events_", "a\nb", "control"},
		{"events_", "a\xffb", "control"},
		{"", strings.Repeat("x", 64), "64 bytes"},
		{"sales.events_", strings.Repeat("x", 57), "64 bytes"},
		{"", "pg_class", "pg_"},
		{"", "PG_Class", "pg_"},
		{"sales.", "flowc_checkpoints", "flowc_"},
		{"f", "lowc_checkpoints", "flowc_"},
		{"p", "g_class", "pg_"},
	} {
		n := Naming{Literal: c.literal, Longest: 63, Reserved: []string{"pg_", "flowc_"}}
		err := n.Check(c.literal + c.given)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%q after %q: %v", c.given, c.literal, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%q after %q: %v, want %q", c.given, c.literal, err, c.refused)
		case err != nil:
			var row *RowError
			if !errors.As(err, &row) || row.Code() != "table" || !row.Permanent() {
				t.Errorf("%q after %q: no error of the record: %#v", c.given, c.literal, err)
			}
		}
	}
	if err := (&Naming{Literal: "a_"}).Check("b_x"); err == nil {
		t.Error("a name without the literal is taken")
	}
}

// Of the tables those that were not used for longest are let go of, each once.
func TestReadyTables(t *testing.T) {
	var closed []int
	r := Ready[int]{Close: func(n int) { closed = append(closed, n) }}
	for i := range MostTables {
		r.Put(fmt.Sprint(i), i)
	}
	if _, ok := r.Get("0"); !ok || len(closed) > 0 {
		t.Fatalf("the first is there: %v; closed %v", ok, closed)
	}
	r.Put("more", MostTables)
	r.Put("still", MostTables+1)
	if !slices.Equal(closed, []int{1, 2}) || r.Len() != MostTables {
		t.Errorf("%d are ready, closed %v", r.Len(), closed)
	}
	if _, ok := r.Get("1"); ok {
		t.Error("one that was let go of is ready")
	}
	r.Forget()
	slices.Sort(closed)
	if want := MostTables + 2; len(closed) != want || len(slices.Compact(closed)) != want || r.Len() != 0 {
		t.Errorf("%d closed, %d ready", len(closed), r.Len())
	}
}

// An error of making a table ready is the record's where the database has answered.
func TestErrorOfTheRecord(t *testing.T) {
	for _, err := range []error{&Misfit{Table: "t"}, &ConfigError{errors.New("x")}, &RowError{"constraint", errors.New("x")}} {
		var row *RowError
		if got := OfRecord(err); !errors.As(got, &row) || row.Name != "table" {
			t.Errorf("%T became %#v", err, got)
		}
	}
	for _, err := range []error{&GoneError{errors.New("x")}, &BusyError{errors.New("x")}, flow.ErrFenced} {
		if got := OfRecord(err); got != err {
			t.Errorf("%T became %#v", err, got)
		}
	}
}

// Records are kept with their tables.
func TestKeptTables(t *testing.T) {
	var k Kept
	for range 2 {
		for i, name := range []string{"a", "a", "b", "a"} {
			k.AddTo(name, fmt.Append(nil, i))
		}
		var got []string
		for i := range k.Len() {
			got = append(got, k.Table(i)+string(k.At(i)))
		}
		if !slices.Equal(got, []string{"a0", "a1", "b2", "a3"}) {
			t.Errorf("kept %v", got)
		}
		k.Clear()
	}
	k.Add([]byte("x"))
	if k.Table(0) != "" {
		t.Errorf("a record of the one table has %q", k.Table(0))
	}
}
