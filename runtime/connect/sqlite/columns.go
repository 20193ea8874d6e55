package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// looked is how many rows are looked at: a column of SQLite may hold what its type
// does not say.
const looked = 1000

// Columns says what the rows are: by the types of the columns where the first rows
// hold to them, and by those where not.
func (s *Source) Columns(ctx context.Context) (columns []flow.Column, err error) {
	c, err := open(s.config.Path, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.exec("PRAGMA query_only = 1"); err != nil {
		return nil, err
	}
	from := table.Quote(s.config.Table)
	if s.config.Query != "" {
		from = "(" + strings.TrimRight(s.config.Query, "; \t\r\n") + "\n)"
	}
	names, err := c.columnsOf(ctx, "SELECT * FROM "+from+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	var declared []column
	if s.config.Table != "" {
		if declared, err = c.tableColumns(s.config.Table); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		var of column
		if i := slices.IndexFunc(declared, func(d column) bool { return d.name == name }); i >= 0 {
			of = declared[i]
		}
		seen, err := c.look(ctx, from, name)
		if err != nil {
			return nil, err
		}
		typ, note := seen.typeFor(&of)
		needed := strings.EqualFold(name, s.config.Key) || of.notNull || of.pk > 0 && of.filled
		columns = append(columns, flow.Column{Name: name, Type: typ, Optional: !needed, Note: note})
	}
	return columns, nil
}

// seen is what the first rows hold in a column.
type seen struct {
	classes []string // integer, real, text, blob
	// times tells that all texts are times of RFC 3339 or of SQLite's own.
	times bool
}

func (k *conn) look(ctx context.Context, from, name string) (s seen, err error) {
	s.times = true
	column := "+" + table.Quote(name)
	err = k.query(ctx, "SELECT typeof(v), v FROM (SELECT "+column+" AS v FROM "+from+" LIMIT "+strconv.Itoa(looked)+") WHERE v IS NOT NULL", nil, func(row []driver.Value) (bool, error) {
		class, _ := row[0].(string)
		if !slices.Contains(s.classes, class) {
			s.classes = append(s.classes, class)
		}
		if text, ok := row[1].(string); ok {
			s.times = s.times && isTime(text)
		}
		return true, nil
	})
	slices.Sort(s.classes)
	return s, err
}

func isTime(text string) bool {
	for _, form := range append([]string{time.RFC3339Nano}, sqlTimes...) {
		if _, err := time.Parse(form, text); err == nil {
			return true
		}
	}
	return false
}

// within tells whether the rows have nothing but values of these classes.
func (s *seen) within(classes ...string) bool {
	return !slices.ContainsFunc(s.classes, func(c string) bool { return !slices.Contains(classes, c) })
}

// typeFor is the type of the language for a column, and what is to be said of it.
func (s *seen) typeFor(c *column) (typ, note string) {
	words := strings.ToUpper(c.typ)
	declares := func(word string) bool { return strings.Contains(words, word) }
	switch {
	case declares("BOOL") && s.within("integer"):
		return "bool", ""
	case c.typ != "" && c.affinity == integral && s.within("integer"):
		return "int64", ""
	case c.affinity == floating && s.within("integer", "real"):
		return "float64", ""
	case declares("JSON") && s.within("text"):
		return "json", ""
	case (declares("DATE") || declares("TIME")) && s.within("text") && s.times:
		return "time", ""
	case c.affinity == numeric && s.within("integer", "real", "text"):
		return "decimal", ""
	case c.affinity == textual && s.within("text"):
		if len(s.classes) > 0 && s.times {
			return "time", ""
		}
		return "string", ""
	case declares("BLOB") && s.within("blob"):
		return "bytes", ""
	case len(s.classes) == 0:
		return "any", "nothing is there that tells its type"
	}
	note = "it is declared as " + c.typ
	if c.typ == "" {
		note = "no type is declared"
	}
	note += ", and has " + strings.Join(s.classes, " and ")
	switch {
	case s.within("integer"):
		return "int64", note
	case s.within("integer", "real"):
		return "float64", note
	case s.within("blob"):
		return "bytes", note
	case s.within("text"):
		return "string", note
	}
	return "any", note
}
