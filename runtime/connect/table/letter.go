package table

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// letterColumns are those of a table of dead letters: a column for each thing that
// a letter says. What is JSON is kept as text, byte for byte: a column of JSON would
// sort its keys, and make other numbers of some.
var letterColumns = []connect.Column{
	{Name: "id", Type: "string"},
	{Name: "time", Type: "time"},
	{Name: "pipeline", Type: "string"},
	{Name: "node", Type: "string"},
	{Name: "line", Type: "string"},
	{Name: "code", Type: "string"},
	{Name: "error", Type: "string"},
	{Name: "attempts", Type: "int64"},
	{Name: "source", Type: "string"},
	{Name: "position", Type: "string"},
	{Name: "header", Type: "string", Optional: true},
	{Name: "record", Type: "string", Optional: true},
	{Name: "data", Type: "bytes", Optional: true},
	{Name: "input", Type: "string", Optional: true},
}

// LetterColumns are the columns of a table of dead letters.
func LetterColumns() []connect.Column { return letterColumns }

// LetterNames are their names in SQL, with commas between them.
func LetterNames() string {
	names := make([]string, len(letterColumns))
	for i, c := range letterColumns {
		names[i] = c.Name
	}
	return QuoteAll(names)
}

// AppendLetter appends a dead letter as a record of LetterColumns.
func AppendLetter(dst []byte, l *flow.Letter) []byte {
	optional := func(text string) {
		if text == "" {
			dst = row.AppendNull(dst)
		} else {
			dst = row.AppendText(dst, text)
		}
	}
	dst = row.AppendTime(row.AppendText(dst, l.ID), l.Time)
	for _, text := range []string{l.Pipeline, l.Node, l.Line, l.Code, l.Error} {
		dst = row.AppendText(dst, text)
	}
	dst = row.AppendInt(dst, int64(l.Attempts))
	dst = row.AppendText(row.AppendText(dst, l.Source), string(l.Position))
	optional(l.Header)
	optional(string(l.Record))
	if len(l.Data) == 0 {
		dst = row.AppendNull(dst)
	} else {
		dst = row.AppendBytes(dst, l.Data)
	}
	optional(string(l.Input))
	return dst
}

// ReadLetter makes a letter of a row of LetterColumns: nil is null, a time is RFC
// 3339. It is JSON, as other sinks keep it. A row that somebody else has written may
// give something that is no letter, as flow.ParseLetter will say.
func ReadLetter(row [][]byte) []byte {
	text := func(i int) string { return string(row[i]) }
	raw := func(i int) json.RawMessage {
		if len(row[i]) == 0 {
			return nil
		}
		return row[i]
	}
	l := flow.Letter{
		Pipeline: text(2), Node: text(3), Line: text(4), Code: text(5), Error: text(6),
		Source: text(8), Position: raw(9), Header: text(10), Record: raw(11), Data: row[12], Input: raw(13),
	}
	l.Time, _ = time.Parse(time.RFC3339Nano, text(1)) // without a time it is none
	l.Attempts, _ = strconv.Atoi(text(7))
	var encoded bytes.Buffer
	e := json.NewEncoder(&encoded)
	e.SetEscapeHTML(false) // the record's bytes stay what they are
	if err := e.Encode(&l); err != nil {
		return []byte(err.Error()) // what should be JSON is not
	}
	return encoded.Bytes()
}
