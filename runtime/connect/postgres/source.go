package postgres

import (
	"context"
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
	if in.Changes {
		return newChangeSource(c, in)
	}
	if c.Slot != "" || c.Publication != "" {
		return nil, errors.New("slot and publication are for changes, and these are rows")
	}
	if (c.Table == "") == (c.Query == "") {
		return nil, errors.New("give a table, or a query")
	}
	server, err := newServer(c.dsn())
	if err != nil {
		return nil, err
	}
	if in.Range != nil {
		return newRange(c, in)
	}
	return &Source{c, table.NewReader(&database{config: c, wanted: in.Columns, server: server}, c.Every)}, nil
}

// Seek goes on behind a key.
func (s *Source) Seek(ctx context.Context, positions map[string]json.RawMessage) error {
	return s.reader.Seek(ctx, positions)
}

// Endless tells that it looks for new rows again and again.
func (s *Source) Endless() bool { return s.config.Every > 0 }

// Open connects and checks the query and the key.
func (s *Source) Open(ctx context.Context) error { return s.reader.Open(ctx) }

// Read reads the next rows.
func (s *Source) Read(ctx context.Context, b *flow.Batch) error { return s.reader.Read(ctx, b) }

// Close closes the connection.
func (s *Source) Close(ctx context.Context) error { return s.reader.Close(ctx) }

// A database reads pages of a table or a query.
type database struct {
	config SourceConfig
	wanted []connect.Column // nil for all
	server *server

	sql     string // without WHERE
	columns []field
	key     int    // which column
	keyCast string // its type, as SQL writes it
	last    string
	called  string // what is read, where it is a part of something
}

// A field is a column as it is written: its name as JSON, the server's type, and
// the type that is wanted of it, "" for what it is.
type field struct {
	head string
	oid  uint32
	typ  string
}

// A given column is what a query gives.
type given struct {
	name  string
	oid   uint32
	cast  string // its type, as SQL writes it
	parts bool   // an array or a composite, which is read as JSON
}

// what is read, for messages.
func (d *database) what() string {
	if d.called != "" {
		return d.called
	}
	if d.config.Query != "" {
		return "the query"
	}
	return "the table `" + d.config.Table + "`"
}

func (d *database) wrong(format string, args ...any) error {
	return &table.ConfigError{Err: fmt.Errorf("%s: %s", d.server.address(), fmt.Sprintf(format, args...))}
}

// config makes what the server does not take of the query the config's fault.
func asConfig(err error) error {
	var value *table.RowError
	if errors.As(err, &value) {
		return &table.ConfigError{Err: err}
	}
	return err
}

// Open connects and finds out what the query gives.
func (d *database) Open(ctx context.Context) error {
	if err := d.server.connect(ctx); err != nil {
		return err
	}
	from := d.from()
	have, err := d.given(ctx, "SELECT * FROM "+from+" q LIMIT 0")
	if err != nil {
		return err
	}
	chosen, err := d.choose(have)
	if err != nil {
		return err
	}
	rows, err := d.server.query(ctx, "SELECT EXISTS (SELECT 1 FROM "+from+" q WHERE "+table.Quote(d.config.Key)+" IS NULL)")
	if err != nil {
		return asConfig(err)
	}
	if string(rows[0][0]) == "t" {
		return d.wrong("there are rows of %s whose key `%s` is null, so they have no place in its order", d.what(), d.config.Key)
	}
	list := make([]string, len(chosen))
	for i, c := range chosen {
		list[i] = "q." + table.Quote(c.name)
		if c.parts {
			list[i] = "to_json(" + list[i] + ")"
		}
	}
	d.sql = "SELECT " + strings.Join(list, ", ") + " FROM " + from + " q"
	d.keyCast = chosen[d.key].cast
	return nil
}

// from is what is read, as SQL has it.
func (d *database) from() string {
	if d.config.Query != "" {
		return "(" + strings.TrimRight(d.config.Query, "; \t\r\n") + "\n)"
	}
	return TableName(d.config.Table)
}

// given are the columns of a query.
func (d *database) given(ctx context.Context, sql string) ([]given, error) {
	described, err := d.server.conn.Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, asConfig(d.server.failed(ctx, err))
	}
	var out []given
	for _, f := range described.Fields {
		out = append(out, given{name: f.Name, oid: f.DataTypeOID})
	}
	for i := range out {
		rows, err := d.server.query(ctx, "SELECT typcategory = 'A' OR typtype = 'c', format_type(oid, NULL) FROM pg_type WHERE oid = $1::text::oid", strconv.FormatUint(uint64(out[i].oid), 10))
		if err != nil {
			return nil, err
		}
		if len(rows) == 1 {
			out[i].parts, out[i].cast = string(rows[0][0]) == "t", string(rows[0][1])
		}
	}
	return out, nil
}

// choose decides which columns are read: those that are wanted, and the key.
func (d *database) choose(have []given) (chosen []given, err error) {
	find := func(list []given, name string) int {
		return slices.IndexFunc(list, func(c given) bool { return c.name == name })
	}
	d.columns = nil
	add := func(c given, typ string) error {
		head, err := jsonscan.AppendString(nil, c.name)
		oid := c.oid
		if c.parts {
			oid = typeJSON
		}
		d.columns, chosen = append(d.columns, field{string(head) + ":", oid, typ}), append(chosen, c)
		return err
	}
	var missing []string
	if d.wanted == nil {
		for _, c := range have {
			if err := add(c, ""); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range d.wanted {
		switch i := find(have, c.Name); {
		case i >= 0:
			if err := add(have[i], c.Type); err != nil {
				return nil, err
			}
		case !c.Optional:
			missing = append(missing, "it has no column `"+c.Name+"`")
		}
	}
	if len(missing) > 0 {
		return nil, &table.Misfit{Table: strings.TrimPrefix(d.what(), "the table ") + " at " + d.server.address(), Problems: missing}
	}
	if d.key = find(chosen, d.config.Key); d.key >= 0 {
		return chosen, nil
	}
	i := find(have, d.config.Key)
	if i < 0 {
		var names []string
		for _, c := range have {
			names = append(names, c.name)
		}
		return nil, d.wrong("%s has no column `%s`, which is to be the key; it has `%s`", d.what(), d.config.Key, strings.Join(names, "`, `"))
	}
	d.key = len(chosen)
	return append(chosen, have[i]), nil // read, and not written
}

// Page reads the rows behind a key.
func (d *database) Page(ctx context.Context, after json.RawMessage, limit, size int, dst []byte) ([]byte, table.Page, error) {
	if err := d.server.connect(ctx); err != nil {
		return dst, table.Page{}, err
	}
	key := "q." + table.Quote(d.config.Key)
	sql := d.sql
	var args [][]byte
	if after != nil {
		var text string
		if err := json.Unmarshal(after, &text); err != nil {
			return dst, table.Page{}, d.wrong("the position of an earlier run is no key: %s", after)
		}
		sql += " WHERE " + key + " > $1::text::" + d.keyCast
		args = [][]byte{[]byte(text)}
	}
	sql += " ORDER BY " + key + " LIMIT " + strconv.Itoa(limit)
	var page table.Page
	start, last := len(dst), d.last
	rows := d.server.conn.ExecParams(ctx, sql, args, nil, nil, nil)
	var wrong error
	for rows.NextRow() {
		if page.More && page.Rows < limit || wrong != nil {
			continue // what is more than a block is read again with the next page
		}
		row := rows.Values()
		if wrong = d.next(row[d.key], &last); wrong != nil {
			continue
		}
		dst = d.object(dst, row)
		page.Rows++
		page.More = page.Rows == limit || len(dst)-start >= size
	}
	if _, err := rows.Close(); err != nil {
		return dst[:start], table.Page{}, asConfig(d.server.failed(ctx, err))
	}
	if wrong != nil {
		return dst[:start], table.Page{}, wrong
	}
	if page.Rows > 0 {
		var err error
		if page.Last, err = jsonscan.AppendString(nil, last); err != nil {
			return dst[:start], table.Page{}, d.wrong("the key `%s`: %v", d.config.Key, err)
		}
		d.last = last
	}
	return dst, page, nil
}

// next checks that a row's key is another one than that of the row before.
func (d *database) next(key []byte, last *string) error {
	switch {
	case key == nil:
		return d.wrong("the key `%s` of a row is null", d.config.Key)
	case string(key) == *last:
		return d.wrong("two rows have the key `%s` %s: the key must be unique, so that nothing is left out when reading goes on behind it", d.config.Key, key)
	}
	*last = string(key)
	return nil
}

// object appends a row as a JSON object and a line end.
func (d *database) object(dst []byte, row [][]byte) []byte {
	dst = append(dst, '{')
	first := true
	for i := range d.columns {
		if row[i] == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		f := &d.columns[i]
		dst = f.append(append(dst, f.head...), row[i])
	}
	return append(dst, '}', '\n')
}

// Close closes the connection.
func (d *database) Close() error {
	d.server.close()
	return nil
}
