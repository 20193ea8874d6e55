package postgres

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Columns says what the rows are: by the types of the columns, and what may be null.
// Of a query nothing but the key is known to be there.
func (s *Source) Columns(ctx context.Context) ([]flow.Column, error) {
	server, err := newServer(s.config.dsn())
	if err != nil {
		return nil, err
	}
	if err := server.connect(ctx); err != nil {
		return nil, err
	}
	defer server.close()
	d := &database{config: s.config, server: server}
	from := TableName(s.config.Table)
	if s.config.Query != "" {
		from = "(" + strings.TrimRight(s.config.Query, "; \t\r\n") + "\n)"
	}
	have, err := d.given(ctx, "SELECT * FROM "+from+" q LIMIT 0")
	if err != nil {
		return nil, err
	}
	var declared []column
	if s.config.Table != "" {
		if declared, err = server.tableColumns(ctx, s.config.Table); err != nil {
			return nil, err
		}
	}
	var columns []flow.Column
	for _, c := range have {
		typ, values, err := server.typeOf(ctx, c.oid)
		if err != nil {
			return nil, err
		}
		needed := c.name == s.config.Key || slices.ContainsFunc(declared, func(d column) bool { return d.name == c.name && d.notNull })
		columns = append(columns, flow.Column{Name: c.name, Type: typ, Values: values, Optional: !needed})
	}
	return columns, nil
}

// typeOf is the type of the language in which a column of one of the server's is
// read.
func (s *server) typeOf(ctx context.Context, oid uint32) (typ string, values []string, err error) {
	rows, err := s.query(ctx, `SELECT t.typname, t.typcategory, coalesce(e.typname, ''),
  coalesce((SELECT string_agg(enumlabel, E'\n' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')
FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' WHERE t.oid = $1::text::oid`, strconv.FormatUint(uint64(oid), 10))
	if err != nil || len(rows) == 0 {
		return "json", nil, err
	}
	name, category, elem, labels := string(rows[0][0]), string(rows[0][1]), string(rows[0][2]), string(rows[0][3])
	switch {
	case category == "A":
		if word := scalarOf(elem, ""); word != "json" && word != "bytes" && word != "duration" && word != "time" {
			return "[" + word + "]", nil, nil
		}
		return "json", nil, nil // its JSON writes values in a form of its own
	case labels != "":
		return "enum", strings.Split(labels, "\n"), nil
	}
	return scalarOf(name, category), nil, nil
}

// scalarOf is the type of the language for one of the server's.
func scalarOf(name, category string) string {
	switch name {
	case "int2", "int4":
		return "int"
	case "int8", "oid":
		return "int64"
	case "float4", "float8":
		return "float64"
	case "numeric":
		return "decimal"
	case "bool":
		return "bool"
	case "bytea":
		return "bytes"
	case "timestamptz", "timestamp", "date":
		return "time"
	case "interval":
		return "duration"
	case "json", "jsonb":
		return "json"
	}
	if category == "C" { // a composite, which is read as JSON
		return "json"
	}
	return "string"
}
