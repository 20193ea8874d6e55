package flow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendLetter adds the dead letter of e to a packet of a dead-letter sink: what
// Letter reads, without the name and the sink.
func (p *Program) appendLetter(to *Target, o *Out, e *RecordError, at time.Time) {
	w := letterWriter{o.Data}
	w.text(`{"pipeline":`, p.info.Name)
	w.text(`,"node":`, e.Node)
	w.text(`,"line":`, e.Line)
	w.text(`,"code":`, e.Code)
	w.text(`,"error":`, e.Err.Error())
	w.raw(`,"attempts":`, strconv.AppendInt(nil, int64(e.Attempts), 10))
	w.raw(`,"time":`, at.UTC().AppendFormat(nil, `"`+time.RFC3339Nano+`"`))
	w.text(`,"source":`, e.Source)
	// A connector's position that does not encode is null: the letter matters more.
	position, err := encode(e.Position)
	if err != nil {
		position = []byte("null")
	}
	w.raw(`,"position":`, position)
	if len(e.Header) > 0 {
		w.text(`,"header":`, string(e.Header))
	}
	record := original(e.Record)
	switch {
	case record != nil:
		w.raw(`,"record":`, record)
	case len(e.Record) > 0:
		w.data = append(w.data, `,"data":"`...)
		w.data = base64.StdEncoding.AppendEncode(w.data, e.Record)
		w.data = append(w.data, '"')
	}
	if len(e.Input) > 0 && !bytes.Equal(e.Input, e.Record) {
		if input := original(e.Input); input == nil {
			w.text(`,"input":`, string(e.Input))
		} else if !bytes.Equal(input, record) {
			w.raw(`,"input":`, input)
		}
	}
	w.data = append(w.data, '}')
	if !to.sink.options.Bare {
		w.data = append(w.data, '\n')
	}
	o.Data = w.data
	if to.depot.ends {
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	o.Count++
}

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
