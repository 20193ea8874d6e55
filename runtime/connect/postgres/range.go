package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/table"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A range of a table is that of its keys.
const (
	// SourceRange is what its bounds are: keys, or the time at which the program
	// starts.
	SourceRange = "key"
	// SourceRangeWithout are the keys of the config that say something else.
	SourceRangeWithout = "every"
)

func newRange(c SourceConfig, in connect.Input) (flow.Source, error) {
	if c.Every > 0 {
		return nil, errors.New("a range has an end, and with every the source has none: remove one of them")
	}
	r := table.Range{Asked: *in.Range, New: func() (table.Surveyor, error) {
		server, err := newServer(c.dsn())
		if err != nil {
			return nil, err
		}
		return &survey{database{config: c, wanted: in.Columns, server: server}}, nil
	}}
	return r.Source(), nil
}

// A survey finds out what a range has.
type survey struct{ database }

// Bound asks the server for the key that a text means.
func (s *survey) Bound(ctx context.Context, text string) (json.RawMessage, error) {
	rows, err := s.server.query(ctx, "SELECT $1::text::"+s.keyCast+"::text", text)
	if err != nil {
		return nil, err
	}
	return asJSON(rows)
}

// asJSON is the one value of rows as JSON; nil where there is none.
func asJSON(rows [][][]byte) (json.RawMessage, error) {
	if len(rows) == 0 || rows[0][0] == nil {
		return nil, nil
	}
	return jsonscan.AppendString(nil, string(rows[0][0]))
}

// Order compares two keys as the server does.
func (s *survey) Order(ctx context.Context, key, other json.RawMessage) (bool, error) {
	var texts [2]string
	for i, k := range []json.RawMessage{key, other} {
		if err := json.Unmarshal(k, &texts[i]); err != nil {
			return false, err
		}
	}
	rows, err := s.server.query(ctx, "SELECT $1::text::"+s.keyCast+" <= $2::text::"+s.keyCast, texts[0], texts[1])
	return err == nil && string(rows[0][0]) == "t", err
}

// column is the key's.
func (s *survey) column() string { return "q." + table.Quote(s.config.Key) }

// Count counts rows.
func (s *survey) Count(ctx context.Context, in table.Span) (int64, json.RawMessage, error) {
	where, err := in.Where(s.column(), quoteKey)
	if err != nil {
		return 0, nil, err
	}
	from := s.from() + " q" + where
	rows, err := s.server.query(ctx, "SELECT count(*) FROM "+from)
	if err != nil {
		return 0, nil, asConfig(err)
	}
	n, err := strconv.ParseInt(string(rows[0][0]), 10, 64)
	if err != nil {
		return 0, nil, err
	}
	rows, err = s.server.query(ctx, "SELECT "+s.column()+" FROM "+from+" ORDER BY "+s.column()+" DESC LIMIT 1")
	if err != nil {
		return 0, nil, asConfig(err)
	}
	last, err := asJSON(rows)
	return n, last, err
}

// Key finds the key of a row.
func (s *survey) Key(ctx context.Context, in table.Span, row int64) (json.RawMessage, error) {
	where, err := in.Where(s.column(), quoteKey)
	if err != nil {
		return nil, err
	}
	rows, err := s.server.query(ctx, table.KeySQL(s.column(), s.column(), s.from()+" q", where, row))
	if err != nil {
		return nil, asConfig(err)
	}
	return asJSON(rows)
}

// Part is the database of some rows, on a connection of its own.
func (s *survey) Part(in table.Span) (table.Database, error) {
	where, err := in.Where(s.column(), quoteKey)
	if err != nil {
		return nil, err
	}
	part := &database{config: s.config, wanted: s.wanted, server: s.server, called: s.what()}
	part.config.Table, part.config.Query = "", "SELECT * FROM "+s.from()+" q"+where
	return part, nil
}

// quoteKey writes a key as SQL has it. The server takes it for what the column is.
func quoteKey(key json.RawMessage) (string, error) {
	var text string
	if err := json.Unmarshal(key, &text); err != nil {
		return "", err
	}
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'", nil
}
