package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A range of a table is that of its keys.
const (
	// SourceRange is what its bounds are.
	SourceRange = "key"
	// SourceRangeWithout are the keys of the config that say something else.
	SourceRangeWithout = "every"
)

func newRange(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.Every > 0 {
		return nil, errors.New("a range has an end, and with every the source has none: remove one of them")
	}
	r := table.Range{Asked: *in.Range, New: func() (table.Surveyor, error) {
		return &survey{database: database{config: c, wanted: in.Columns}}, nil
	}}
	return r.Source(), nil
}

// A survey finds out what a range has.
type survey struct{ database }

// one is the value that a query gives first; nil where it gives none.
func (s *survey) one(ctx context.Context, sql string, args ...driver.Value) (v driver.Value, err error) {
	err = s.conn.query(ctx, sql, values(args...), func(row []driver.Value) (bool, error) {
		v = row[0]
		return false, nil
	})
	return v, err
}

// Bound reads a text as what the keys are: numbers, or texts. Where there are no
// rows any text will do.
func (s *survey) Bound(ctx context.Context, text string) (json.RawMessage, error) {
	from, _ := s.from()
	// Under a plus a value comes as it is stored.
	first, err := s.one(ctx, "SELECT +"+s.column()+" FROM "+from+" ORDER BY "+s.column()+" LIMIT 1")
	if err != nil {
		return nil, err
	}
	switch first.(type) {
	case int64, float64:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return keyText(n)
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, &table.ConfigError{Err: fmt.Errorf("%s: the keys `%s` are numbers, and not like %q", s.config.Path, s.config.Key, text)}
		}
		return keyText(f)
	}
	return keyText(text)
}

// Order compares two keys as SQLite does.
func (s *survey) Order(ctx context.Context, key, other json.RawMessage) (bool, error) {
	a, err := keyValue(key)
	if err != nil {
		return false, err
	}
	b, err := keyValue(other)
	if err != nil {
		return false, err
	}
	v, err := s.one(ctx, "SELECT ? <= ?", a, b)
	return v == int64(1), err
}

func (s *survey) column() string { return table.Quote(s.config.Key) }

// Count counts rows.
func (s *survey) Count(ctx context.Context, in table.Span) (int64, json.RawMessage, error) {
	where, err := in.Where(s.column(), quoteKey)
	if err != nil {
		return 0, nil, err
	}
	from, _ := s.from()
	count, err := s.one(ctx, "SELECT count(*) FROM "+from+where)
	if err != nil {
		return 0, nil, err
	}
	n, _ := count.(int64)
	last, err := s.key(ctx, "SELECT +"+s.column()+" FROM "+from+where+" ORDER BY "+s.column()+" DESC LIMIT 1")
	return n, last, err
}

// Key finds the key of a row.
func (s *survey) Key(ctx context.Context, in table.Span, row int64) (json.RawMessage, error) {
	where, err := in.Where(s.column(), quoteKey)
	if err != nil {
		return nil, err
	}
	from, _ := s.from()
	return s.key(ctx, table.KeySQL("+"+s.column(), s.column(), from, where, row))
}

// key is the key that a query gives; nil where it gives none.
func (s *survey) key(ctx context.Context, sql string) (json.RawMessage, error) {
	v, err := s.one(ctx, sql)
	if v == nil || err != nil {
		return nil, err
	}
	text, err := keyText(v)
	if err != nil {
		return nil, &table.ConfigError{Err: fmt.Errorf("%s: the key `%s`: %w", s.config.Path, s.config.Key, err)}
	}
	return text, nil
}

// Part is the database of some rows, on a connection of its own.
func (s *survey) Part(in table.Span) (table.Database, error) {
	part := &database{config: s.config, wanted: s.wanted}
	var err error
	if part.low, err = (table.Span{From: in.From}).Condition(s.column(), quoteKey); err != nil {
		return nil, err
	}
	part.high, err = (table.Span{To: in.To, Through: in.Through}).Condition(s.column(), quoteKey)
	return part, err
}

// quoteKey writes a key as SQL has it.
func quoteKey(key json.RawMessage) (string, error) {
	v, err := keyValue(key)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'e', -1, 64), nil
	}
	return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'", nil
}
