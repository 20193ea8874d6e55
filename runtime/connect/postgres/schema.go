package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
)

// A column is one of a table that is there.
type column struct {
	name string
	// typ is the type as SQL writes it, base its name in the catalog (of a domain,
	// what is below it), and cast that name as SQL writes it.
	typ, base, cast string
	// category is the server's: S for texts, E for enums, and so on.
	category string
	// places are the decimal places of a numeric, the digits of a second of a
	// time; -1 where there is no limit.
	places int
	// notNull columns take no null; filled ones have a default; generated ones
	// can't be written.
	notNull, filled, generated bool
}

// made is the type of a column that is made for a type of the language.
func made(typ string) string {
	switch typ {
	case "int", "int64", "duration":
		return "bigint"
	case "uint64":
		return "numeric(20,0)"
	case "float64":
		return "double precision"
	case "bool":
		return "boolean"
	case "bytes":
		return "bytea"
	case "time":
		return "timestamptz"
	case "decimal", "number":
		return "numeric"
	case "json":
		return "jsonb"
	}
	return "text"
}

var integers = []string{"int2", "int4", "int8", "numeric"}

// isText tells that a column holds texts as they are.
func (c *column) isText() bool { return c.category == "S" && c.base != "name" && c.base != "char" }

// holds tells whether a column keeps values of a type as they are, or refuses
// them: none is changed in silence.
func (c *column) holds(typ string) bool {
	switch typ {
	case "int", "int64", "uint64":
		return slices.Contains(integers, c.base)
	case "float64":
		return c.base == "float8" || c.base == "numeric" && c.places < 0
	case "bool":
		return c.base == "bool"
	case "bytes":
		return c.base == "bytea"
	case "time":
		return c.base == "timestamptz" || c.base == "timestamp" || c.isText()
	case "duration":
		return c.base == "int8" || c.base == "numeric" || c.base == "interval" || c.isText()
	case "decimal", "number":
		return c.base == "numeric" || c.isText()
	case "json":
		return c.base == "jsonb" || c.base == "json" || c.isText()
	}
	switch c.base {
	case "json", "jsonb", "bytea", "tsvector":
		return false
	}
	return c.isText() || c.category == "E" || c.category == "U" || c.category == "I"
}

// tableColumns reads the columns of a table; none where it is not there.
func (s *server) tableColumns(ctx context.Context, name string) ([]column, error) {
	rows, err := s.query(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(b.typname, t.typname), format_type(coalesce(b.oid, t.oid), NULL),
  coalesce(b.typcategory, t.typcategory), CASE WHEN t.typbasetype <> 0 THEN t.typtypmod ELSE a.atttypmod END,
  a.attnotnull OR t.typnotnull, a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, TableName(name))
	if err != nil {
		return nil, err
	}
	var out []column
	for _, r := range rows {
		c := column{
			name: string(r[0]), typ: string(r[1]), base: string(r[2]), cast: string(r[3]), category: string(r[4]), places: -1,
			notNull: r[6][0] == 't', filled: r[7][0] == 't', generated: r[8][0] == 't',
		}
		modifier, _ := strconv.Atoi(string(r[5]))
		switch c.base {
		case "numeric":
			if modifier >= 4 { // precision and scale, behind the length of a header
				c.places = int(int16(uint16(modifier-4)<<5)) >> 5 // 11 bits with a sign
				if c.places < 0 {
					c.base = "rounded" // to tens or hundreds: it holds nothing as it is
				}
			}
		case "timestamptz", "timestamp":
			if c.places = modifier; modifier < 0 {
				c.places = 6
			}
		case "interval":
			if c.places = modifier & 0xffff; modifier < 0 || c.places > 6 {
				c.places = 6
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// create makes the table for records.
func (s *server) create(ctx context.Context, name string, columns []connect.Column, key []string) error {
	return s.makeTable(ctx, CreateTable(name, columns, key))
}

// CreateTable is the statement that makes a table for records.
func CreateTable(name string, columns []connect.Column, key []string) string {
	var parts []string
	for _, c := range columns {
		part := table.Quote(c.Name) + " " + made(c.Type)
		if !c.Optional {
			part += " NOT NULL"
		}
		parts = append(parts, part)
	}
	if len(key) > 0 {
		parts = append(parts, "PRIMARY KEY ("+table.QuoteAll(key)+")")
	}
	return "CREATE TABLE IF NOT EXISTS " + TableName(name) + " (\n  " + strings.Join(parts, ",\n  ") + "\n)"
}

// makeTable runs a CREATE TABLE IF NOT EXISTS. Where another program makes the
// same one at this moment, the server says that a name in its catalog is taken; in a
// transaction nothing more can be done then.
func (s *server) makeTable(ctx context.Context, sql string) error {
	_, err := s.exec(ctx, sql)
	var row *table.RowError
	if errors.As(err, &row) && s.conn.TxStatus() == 'I' {
		_, err = s.exec(ctx, sql)
	}
	return err
}

// fits checks that a table that is there can hold the records, and returns the
// column of each field.
func (s *server) fits(ctx context.Context, name string, have []column, columns []connect.Column, key []string) ([]column, error) {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var found []column
	for _, c := range columns {
		i := slices.IndexFunc(have, func(h column) bool { return h.name == c.Name })
		if i < 0 {
			problem("it has no column `%s` (%s)", c.Name, made(c.Type))
			continue
		}
		h := have[i]
		switch {
		case h.generated:
			problem("the column `%s` is generated, and can't be written", h.name)
		case !h.holds(c.Type):
			problem("the column `%s` is %s, and can't hold every %s as it is: it must be %s", h.name, h.typ, c.Type, made(c.Type))
		case c.Optional && h.notNull:
			problem("the column `%s` is NOT NULL, and the field may be missing", h.name)
		}
		found = append(found, h)
	}
	for _, h := range have {
		if h.notNull && !h.filled && !h.generated && !slices.ContainsFunc(columns, func(c connect.Column) bool { return c.Name == h.name }) {
			problem("the column `%s` is NOT NULL and has no default, and the records have no field for it", h.name)
		}
	}
	if len(problems) == 0 && len(key) > 0 {
		unique, err := s.unique(ctx, name, key)
		if err != nil {
			return nil, err
		}
		if !unique {
			problem("nothing makes `%s` unique: CREATE UNIQUE INDEX ON it", strings.Join(key, "`, `"))
		}
	}
	if len(problems) > 0 {
		return nil, &table.Misfit{Table: "`" + name + "` at " + s.address(), Problems: problems}
	}
	return found, nil
}

// unique tells whether a unique index is over just these columns, for all rows,
// and checked at once.
func (s *server) unique(ctx context.Context, name string, key []string) (bool, error) {
	rows, err := s.query(ctx, `SELECT i.indexrelid, a.attname FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indrelid = to_regclass($1::text) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL`, TableName(name))
	indexes := map[string][]string{}
	for _, r := range rows {
		indexes[string(r[0])] = append(indexes[string(r[0])], string(r[1]))
	}
	for _, names := range indexes {
		if len(names) == len(key) && !slices.ContainsFunc(key, func(k string) bool { return !slices.Contains(names, k) }) {
			return true, err
		}
	}
	return false, err
}
