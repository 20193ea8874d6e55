package flow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// appendLetter adds the dead letter of e to a packet of a dead-letter sink.
func (p *Program) appendLetter(to *Target, o *Out, e *RecordError, at time.Time) {
	l := p.letterOf(e, at)
	form := to.sink.options.Letter
	if form != nil || e.example {
		l.ID = l.name()
		p.noteLetter(e, l.ID)
	}
	if form != nil {
		o.Data = form(o.Data, &l)
	} else {
		o.Data = appendWritten(o.Data, &l, to.sink.options.Bare)
	}
	if to.depot.ends {
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	o.Count++
}

// letterOf makes the dead letter of e, without its ID. What databases can't keep is
// not in it: a time finer than a microsecond, a NUL in a text.
func (p *Program) letterOf(e *RecordError, at time.Time) Letter {
	l := Letter{
		Pipeline: p.info.Name, Node: e.Node, Line: e.Line, Code: storable(e.Code), Error: storable(e.Err.Error()),
		Attempts: e.Attempts, Time: at.UTC().Truncate(time.Microsecond), Source: e.Source, Header: storable(string(e.Header)),
	}
	// A connector's position that does not encode is null: the letter matters more.
	position, err := encode(e.Position)
	if err != nil {
		position = []byte("null")
	}
	l.Position = position
	if l.Record = original(e.Record); l.Record == nil {
		l.Data = e.Record
	}
	if len(e.Input) > 0 && !bytes.Equal(e.Input, e.Record) {
		if input := original(e.Input); input == nil {
			l.Input, _ = encode(validText(string(e.Input))) // a string always has a form as JSON
		} else if !bytes.Equal(input, l.Record) {
			l.Input = input
		}
	}
	return l
}

// appendWritten appends a letter as it is written, with or without a line end: what
// Letter reads, without the ID and the sink.
func appendWritten(dst []byte, l *Letter, bare bool) []byte {
	w := letterWriter{dst}
	w.text(`{"pipeline":`, l.Pipeline)
	w.text(`,"node":`, l.Node)
	w.text(`,"line":`, l.Line)
	w.text(`,"code":`, l.Code)
	w.text(`,"error":`, l.Error)
	w.raw(`,"attempts":`, strconv.AppendInt(nil, int64(l.Attempts), 10))
	w.raw(`,"time":`, l.Time.AppendFormat(nil, `"`+time.RFC3339Nano+`"`))
	w.text(`,"source":`, l.Source)
	w.raw(`,"position":`, l.Position)
	if l.Header != "" {
		w.text(`,"header":`, l.Header)
	}
	switch {
	case l.Record != nil:
		w.raw(`,"record":`, l.Record)
	case len(l.Data) > 0:
		w.data = append(w.data, `,"data":"`...)
		w.data = base64.StdEncoding.AppendEncode(w.data, l.Data)
		w.data = append(w.data, '"')
	}
	if l.Input != nil {
		w.raw(`,"input":`, l.Input)
	}
	w.data = append(w.data, '}')
	if !bare {
		w.data = append(w.data, '\n')
	}
	return w.data
}

// storable is a text as every sink can keep it.
func storable(s string) string { return strings.ReplaceAll(validText(s), "\x00", "\uFFFD") }

// original is a record as it may stand in a letter, without white space between its
// parts; nil where it is no JSON that every reader understands alike.
func original(record []byte) []byte {
	switch ok, dense := strictJSON(record); {
	case !ok:
		return nil
	case dense:
		return record
	}
	return compact(record)
}

// A letterWriter appends the fields of a letter.
type letterWriter struct{ data []byte }

func (w *letterWriter) raw(key string, value []byte) {
	w.data = append(append(w.data, key...), value...)
}

// text appends a string; what is no UTF-8 in it is replaced.
func (w *letterWriter) text(key, value string) {
	w.data = append(w.data, key...)
	if asItIs(value) {
		w.data = append(append(append(w.data, '"'), value...), '"')
		return
	}
	quoted, _ := encode(validText(value)) // a string always has a form as JSON
	w.data = append(w.data, quoted...)
}

// asItIs tells that s stands in JSON as it is: ASCII, and nothing to escape.
func asItIs(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// encode is JSON without the escapes that are meant for HTML.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), err
}

func compact(valid []byte) json.RawMessage {
	var buf bytes.Buffer
	if json.Compact(&buf, valid) != nil {
		return nil
	}
	return buf.Bytes()
}

func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s), []byte("\uFFFD")))
}
