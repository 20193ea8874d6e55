package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// A Letter is a dead letter that was read back.
type Letter struct {
	// ID names the letter: 16 hexadecimal digits made of what it says, so that it
	// is the same wherever the letter is kept.
	ID string `json:"id"`
	// Sink is the dead-letter sink that has it.
	Sink     string    `json:"sink"`
	Pipeline string    `json:"pipeline"`
	Node     string    `json:"node"`
	Line     string    `json:"line"`
	Code     string    `json:"code"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	Time     time.Time `json:"time"`
	Source   string    `json:"source"`
	// Position is the connector's own; null where it is not known.
	Position json.RawMessage `json:"position"`
	// Header is the header row of the table that the record is a row of.
	Header string `json:"header,omitempty"`
	// Record is the original as JSON, Data what it was where that is no JSON.
	Record json.RawMessage `json:"record,omitempty"`
	Data   []byte          `json:"data,omitempty"`
	// Input is what the failing node got, where that is something else.
	Input json.RawMessage `json:"input,omitempty"`
}

// A LetterReader is a dead-letter sink that can give back what it was given.
// Letters is called instead of Open or beside it, also while another process
// writes; it calls yield with each letter as it came, the oldest first, and ends
// with the error of yield. What was not written to its end is left out.
type LetterReader interface {
	Letters(ctx context.Context, yield func(letter []byte) error) error
}

// ParseLetter reads a dead letter that a sink of that name gave back.
func ParseLetter(sink string, data []byte) (*Letter, error) {
	l := &Letter{}
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("it is no dead letter: %w", err)
	}
	if l.Node == "" || l.Time.IsZero() {
		return nil, fmt.Errorf("it is no dead letter: `node` or `time` is missing")
	}
	l.Sink, l.ID = sink, "" // the name is ours to give
	l.ID = l.name()
	return l, nil
}

// name makes the letter's ID.
func (l *Letter) name() string {
	h := fnv.New64a()
	for _, part := range []string{
		l.Pipeline, l.Node, l.Code, l.Error, l.Time.UTC().Format(time.RFC3339Nano), l.Source, string(compact(l.Position)),
		string(compact(l.Record)), string(l.Data), string(compact(l.Input)), l.Header,
	} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// Original is the record as its source gave it.
func (l *Letter) Original() []byte {
	if l.Record != nil {
		return compact(l.Record)
	}
	return l.Data
}

// Whole tells whether the letter has all of the record: of one that was too long
// for the program it has the begin.
func (l *Letter) Whole() bool { return l.Code != "too-long" && len(l.Original()) > 0 }

// Place names the record in words a person can follow, as RecordError.Place does.
func (l *Letter) Place() string {
	var at plainPlace
	own := json.NewDecoder(bytes.NewReader(l.Position))
	own.DisallowUnknownFields()
	if own.Decode(&at) != nil { // the connector's own form
		return strings.TrimSpace(l.Source + " " + pairs(l.Position))
	}
	e := &RecordError{Source: l.Source, Split: at.Split, Number: -1, TextLine: -1, Offset: -1}
	if at.Line != nil {
		e.TextLine = *at.Line
	}
	if at.Record != nil {
		e.Number = *at.Record
	}
	if at.Offset != nil {
		e.Offset = *at.Offset
	}
	return e.Place()
}

// pairs writes a position as `name value` where it is an object of plain values, and
// as the JSON that it is where not.
func pairs(position json.RawMessage) string {
	if len(position) == 0 {
		return ""
	}
	fields := json.NewDecoder(bytes.NewReader(position))
	fields.UseNumber()
	var text []string
	token := func() any { t, _ := fields.Token(); return t }
	if token() != json.Delim('{') {
		return string(compact(position))
	}
	for fields.More() {
		name, value := token(), token()
		if _, nested := value.(json.Delim); nested || value == nil {
			return string(compact(position))
		}
		text = append(text, fmt.Sprintf("%v %v", name, value))
	}
	return strings.Join(text, ", ")
}
