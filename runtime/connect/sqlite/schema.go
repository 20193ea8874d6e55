package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A column is one of a table that is there.
type column struct {
	name, typ string
	affinity  affinity
	// notNull columns take no null; filled ones get a value without the record's:
	// a default, or that of a rowid. generated ones can't be written.
	notNull, filled, generated bool
	// pk is its place in the primary key, from 1; 0 for none.
	pk int64
}

// An affinity is what a column does to values that are put into it.
type affinity string

const (
	textual  affinity = "TEXT"
	integral affinity = "INTEGER"
	floating affinity = "REAL"
	numeric  affinity = "NUMERIC"
	untyped  affinity = "BLOB"
)

// affinityOf is SQLite's rule: what the declared type says.
func affinityOf(declared string) affinity {
	d := strings.ToUpper(declared)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(d, w) })
	}
	switch {
	case has("INT"):
		return integral
	case has("CHAR", "CLOB", "TEXT"):
		return textual
	case d == "" || has("BLOB"):
		return untyped
	case has("REAL", "FLOA", "DOUB"): //nolint:misspell // SQLite's own
		return floating
	}
	return numeric
}

// declared is the type of a column that is made for a type of the language.
func declared(typ string) string {
	switch typ {
	case "int", "int64", "uint64", "duration":
		return "INTEGER"
	case "float64":
		return "REAL"
	case "bool":
		return "BOOLEAN"
	case "bytes":
		return "BLOB"
	}
	return "TEXT"
}

// holds tells whether a column keeps values of a type as they are.
func (c *column) holds(typ string) bool {
	switch typ {
	case "int", "int64", "duration", "bool":
		return c.affinity == integral || c.affinity == numeric || c.affinity == untyped
	case "uint64":
		return c.affinity == integral || c.affinity == textual
	case "float64":
		return c.affinity != textual
	case "bytes":
		return c.affinity == untyped
	case "time": // in a column called DATETIME, a text that is no number stays what it is
		return c.affinity == textual || c.affinity == untyped || c.affinity == numeric
	}
	return c.affinity == textual || c.affinity == untyped
}

// tableColumns reads the columns of a table; none where it is not there.
func (k *conn) tableColumns(name string) ([]column, error) {
	var out []column
	err := k.query(context.Background(), `SELECT name, type, "notnull", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?)`, values(name), func(row []driver.Value) (bool, error) {
		var c column
		c.name, _ = row[0].(string)
		c.typ, _ = row[1].(string)
		c.notNull, c.filled = row[2] == int64(1), row[3] == int64(1)
		c.pk, _ = row[4].(int64)
		hidden, _ := row[5].(int64)
		c.generated = hidden >= 2
		c.affinity = affinityOf(c.typ)
		out = append(out, c)
		return true, nil
	})
	if keys := primary(out); len(keys) == 1 && strings.EqualFold(keys[0].typ, "INTEGER") {
		keys[0].filled = true // the rowid itself
	}
	return out, err
}

// primary are the columns of the primary key, in its order.
func primary(all []column) []*column {
	var keys []*column
	for i := range all {
		if all[i].pk > 0 {
			keys = append(keys, &all[i])
		}
	}
	slices.SortFunc(keys, func(a, b *column) int { return int(a.pk - b.pk) })
	return keys
}

// create makes the table for records.
func (k *conn) create(name string, columns []connect.Column, key []string) error {
	var parts []string
	for _, c := range columns {
		part := table.Quote(c.Name) + " " + declared(c.Type)
		if !c.Optional {
			part += " NOT NULL"
		}
		parts = append(parts, part)
	}
	if len(key) > 0 {
		parts = append(parts, "PRIMARY KEY ("+table.QuoteAll(key)+")")
	}
	return k.exec("CREATE TABLE " + table.Quote(name) + " (\n  " + strings.Join(parts, ",\n  ") + "\n)")
}

// fits checks that a table that is there can hold the records, and returns the
// column of each field.
func (k *conn) fits(name string, have []column, columns []connect.Column, key []string) ([]*column, error) {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	taken := map[*column]bool{}
	var found []*column
	for _, c := range columns {
		i := slices.IndexFunc(have, func(h column) bool { return strings.EqualFold(h.name, c.Name) })
		if i < 0 {
			problem("it has no column `%s` (%s)", c.Name, declared(c.Type))
			continue
		}
		h := &have[i]
		switch {
		case taken[h]:
			problem("the column `%s` is the place of two fields: to SQLite their names are the same", h.name)
		case h.generated:
			problem("the column `%s` is generated, and can't be written", h.name)
		case !h.holds(c.Type):
			problem("the column `%s` is %s, and can't hold every %s as it is: it must be %s", h.name, typeOf(h), c.Type, declared(c.Type))
		case c.Optional && h.notNull:
			problem("the column `%s` is NOT NULL, and the field may be missing", h.name)
		}
		taken[h] = true
		found = append(found, h)
	}
	for i := range have {
		if h := &have[i]; !taken[h] && h.notNull && !h.filled && !h.generated {
			problem("the column `%s` is NOT NULL and has no default, and the records have no field for it", h.name)
		}
	}
	if len(problems) == 0 && len(key) > 0 {
		unique, err := k.unique(name, have, key)
		if err != nil {
			return nil, err
		}
		if !unique {
			problem("nothing makes `%s` unique: CREATE UNIQUE INDEX ON it", strings.Join(key, "`, `"))
		}
	}
	if len(problems) > 0 {
		return nil, &table.Misfit{Table: "`" + name + "` of " + k.path, Problems: problems}
	}
	return found, nil
}

func typeOf(c *column) string {
	if c.typ == "" {
		return "of no type"
	}
	return c.typ
}

// unique tells whether the primary key or a whole unique index is over just these
// columns.
func (k *conn) unique(name string, have []column, key []string) (bool, error) {
	same := func(names []string) bool {
		return len(names) == len(key) && !slices.ContainsFunc(key, func(n string) bool {
			return !slices.ContainsFunc(names, func(o string) bool { return strings.EqualFold(n, o) })
		})
	}
	var pk []string
	for _, c := range primary(have) {
		pk = append(pk, c.name)
	}
	if same(pk) {
		return true, nil
	}
	indexes := map[string][]string{}
	err := k.query(context.Background(), `SELECT l.name, i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE l."unique" AND NOT l.partial`, values(name), func(row []driver.Value) (bool, error) {
		index, _ := row[0].(string)
		of, _ := row[1].(string) // "" for an expression, which is no column
		indexes[index] = append(indexes[index], of)
		return true, nil
	})
	for _, names := range indexes {
		if same(names) {
			return true, err
		}
	}
	return false, err
}

// values are the parameters of a statement.
func values(args ...driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}
