package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Source reads rows in the order of a key. The position is the key of the last
// one.
type Source struct {
	config SourceConfig
	reader *table.Reader
}

// NewSource returns the source.
func NewSource(c SourceConfig, in connect.Input) (flow.Source, error) {
	if (c.Table == "") == (c.Query == "") {
		return nil, errors.New("give a table, or a query")
	}
	if in.Range != nil {
		return newRange(c, in)
	}
	return &Source{c, table.NewReader(&database{config: c, wanted: in.Columns}, c.Every)}, nil
}

// Seek goes on behind a key.
func (s *Source) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	return s.reader.Seek(ctx, positions)
}

// Endless tells that it looks for new rows again and again.
func (s *Source) Endless() bool { return s.config.Every > 0 }

// Open opens the file and checks the query and the key.
func (s *Source) Open(ctx context.Context) error { return s.reader.Open(ctx) }

// Read reads the next rows.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error { return s.reader.Read(ctx, b) }

// Close closes the file.
func (s *Source) Close(ctx context.Context) error { return s.reader.Close(ctx) }

// A database reads pages of a table or a query.
type database struct {
	config SourceConfig
	wanted []connect.Column // nil for all

	conn    *conn
	sql     string // without WHERE
	columns []field
	key     int // which column
	last    string
	// low and high are conditions on the key where a part is read, "" for an open
	// end.
	low, high string
}

// A field is a column as it is written: its name as JSON, and the type that is
// wanted of it, "" for what it is.
type field struct{ head, typ string }

// Open opens the file and finds out what the query gives.
func (d *database) Open(ctx context.Context) (err error) {
	if d.conn, err = open(d.config.Path, false); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := d.conn.exec("PRAGMA query_only = 1"); err != nil {
		return err
	}
	from, what := d.from()
	have, err := d.conn.columnsOf(ctx, "SELECT * FROM "+from+" LIMIT 0")
	if err != nil {
		return err
	}
	names, err := d.choose(have, what)
	if err != nil {
		return err
	}
	var nulls bool
	key := table.Quote(names[d.key])
	err = d.conn.query(ctx, "SELECT 1 FROM "+from+" WHERE "+key+" IS NULL LIMIT 1", nil, func([]driver.Value) (bool, error) {
		nulls = true
		return false, nil
	})
	if err != nil {
		return err
	}
	if nulls {
		return &table.ConfigError{Err: fmt.Errorf("%s: there are rows of %s whose key `%s` is null, so they have no place in its order", d.config.Path, what, d.config.Key)}
	}
	list := make([]string, len(names))
	for i, n := range names {
		// A column under a plus has no declared type any more, and so its values
		// come as they are stored.
		list[i] = "+" + table.Quote(n)
	}
	d.sql = "SELECT " + strings.Join(list, ", ") + " FROM " + from
	return nil
}

// from is what is read, as SQL has it and as messages do.
func (d *database) from() (sql, what string) {
	sql, what = table.Quote(d.config.Table), "the table `"+d.config.Table+"`"
	if d.config.Query != "" {
		sql, what = "("+strings.TrimRight(d.config.Query, "; \t\r\n")+"\n)", "the query"
	}
	return sql, what
}

// choose decides which columns are read: those that are wanted, and the key.
func (d *database) choose(have []string, what string) (names []string, err error) {
	find := func(list []string, name string) int {
		return slices.IndexFunc(list, func(n string) bool { return strings.EqualFold(n, name) })
	}
	d.columns = nil
	add := func(name, as, typ string) error {
		head, err := jsonscan.AppendString(nil, as)
		d.columns, names = append(d.columns, field{string(head) + ":", typ}), append(names, name)
		return err
	}
	var missing []string
	if d.wanted == nil {
		for _, n := range have {
			if err := add(n, n, ""); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range d.wanted {
		switch i := find(have, c.Name); {
		case i >= 0:
			if err := add(have[i], c.Name, c.Type); err != nil {
				return nil, err
			}
		case !c.Optional:
			missing = append(missing, "it has no column `"+c.Name+"`")
		}
	}
	if len(missing) > 0 {
		return nil, &table.Misfit{Table: strings.TrimPrefix(what, "the table ") + " of " + d.config.Path, Problems: missing}
	}
	if d.key = find(names, d.config.Key); d.key >= 0 {
		return names, nil
	}
	i := find(have, d.config.Key)
	if i < 0 {
		return nil, &table.ConfigError{Err: fmt.Errorf("%s: %s has no column `%s`, which is to be the key; it has `%s`", d.config.Path, what, d.config.Key, strings.Join(have, "`, `"))}
	}
	d.key = len(names)
	return append(names, have[i]), nil // read, and not written
}

// Page reads the rows behind a key.
func (d *database) Page(ctx context.Context, after json.RawMessage, limit, size int, dst []byte) ([]byte, table.Page, error) {
	sql, args, err := d.page(after, limit)
	if err != nil {
		return dst, table.Page{}, err
	}
	var page table.Page
	start, last := len(dst), d.last
	err = d.conn.query(ctx, sql, args, func(row []driver.Value) (bool, error) {
		key, err := keyText(row[d.key])
		if err != nil {
			return false, &table.ConfigError{Err: fmt.Errorf("%s: the key `%s`: %w", d.config.Path, d.config.Key, err)}
		}
		if string(key) == last {
			return false, &table.ConfigError{Err: fmt.Errorf("%s: two rows have the key `%s` %s: the key must be unique, so that nothing is left out when reading goes on behind it", d.config.Path, d.config.Key, key)}
		}
		last, page.Last = string(key), key
		dst = d.object(dst, row)
		page.Rows++
		page.More = page.Rows == limit || len(dst)-start >= size
		return !page.More, nil
	})
	if err != nil {
		return dst[:start], table.Page{}, err
	}
	d.last = last
	return dst, page, nil
}

// page is the query of the rows behind a key.
func (d *database) page(after json.RawMessage, limit int) (sql string, args []driver.NamedValue, err error) {
	low := d.low
	sql = d.sql
	if after != nil {
		v, err := keyValue(after)
		if err != nil {
			return "", nil, err
		}
		// In the place of the lower end: of two SQLite begins at the first, and would
		// go through all that has been read again and again.
		low, args = table.Quote(d.config.Key)+" > ?", values(v)
	}
	switch {
	case low != "" && d.high != "":
		sql += " WHERE " + low + " AND " + d.high
	case low+d.high != "":
		sql += " WHERE " + low + d.high
	}
	return sql + " ORDER BY " + table.Quote(d.config.Key) + " LIMIT " + strconv.Itoa(limit), args, nil
}

// object appends a row as a JSON object and a line end.
func (d *database) object(dst []byte, row []driver.Value) []byte {
	dst = append(dst, '{')
	first := true
	for i, f := range d.columns {
		if row[i] == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = f.append(append(dst, f.head...), row[i])
	}
	return append(dst, '}', '\n')
}

// Close closes the file.
func (d *database) Close() error {
	if d.conn == nil {
		return nil
	}
	err := d.conn.close()
	d.conn = nil
	return err
}

// keyText is a key as JSON.
func keyText(v driver.Value) (json.RawMessage, error) {
	switch v := v.(type) {
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case float64:
		return jsonscan.AppendFloat(nil, v)
	case string:
		return jsonscan.AppendString(nil, v)
	}
	return nil, fmt.Errorf("%v is neither a number nor a text", v)
}

// keyValue is the key that keyText wrote.
func keyValue(text json.RawMessage) (driver.Value, error) {
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return n, nil
	}
	var f float64
	if json.Unmarshal(text, &f) == nil {
		return f, nil
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("the position of an earlier run is no key: %s", text)
	}
	return s, nil
}
