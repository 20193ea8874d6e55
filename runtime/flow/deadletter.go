package flow

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/bits"
	"time"
	"unicode/utf8"
)

// plainPlace is the position of a record whose source has no form of its own.
type plainPlace struct {
	Split  string `json:"split,omitempty"`
	Record *int64 `json:"record,omitempty"`
	Line   *int64 `json:"line,omitempty"`
	Offset *int64 `json:"offset,omitempty"`
}

func (e *RecordError) place() plainPlace {
	p := plainPlace{Split: e.Split}
	if e.Number >= 0 {
		p.Record = &e.Number
	}
	if e.TextLine > 0 {
		p.Line = &e.TextLine
	}
	if e.Offset >= 0 {
		p.Offset = &e.Offset
	}
	return p
}

// A letter is a dead letter as it is written, field by field.
type letter struct {
	Pipeline string          `json:"pipeline"`
	Node     string          `json:"node"`
	Line     string          `json:"line"`
	Code     string          `json:"code"`
	Error    string          `json:"error"`
	Attempts int             `json:"attempts"`
	Time     time.Time       `json:"time"`
	Source   string          `json:"source"`
	Position any             `json:"position"`
	Header   string          `json:"header,omitempty"`
	Record   json.RawMessage `json:"record,omitempty"`
	Data     string          `json:"data,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
}

// appendLetter adds the dead letter of e to a packet of a dead-letter sink.
func (p *Program) appendLetter(to *Target, o *Out, e *RecordError, at time.Time) {
	l := letter{
		Pipeline: p.info.Name, Node: e.Node, Line: e.Line, Code: e.Code,
		Error: validText(e.Err.Error()), Attempts: e.Attempts, Time: at.UTC(),
		Source: e.Source, Position: e.Position, Header: validText(string(e.Header)),
	}
	if original := e.Record; strictJSON(original) {
		l.Record = compact(original)
	} else {
		l.Data = base64.StdEncoding.EncodeToString(original)
	}
	if len(e.Input) > 0 {
		if strictJSON(e.Input) {
			if input := compact(e.Input); !bytes.Equal(input, l.Record) {
				l.Input = input
			}
		} else if text, err := json.Marshal(string(e.Input)); err == nil && !bytes.Equal(e.Input, e.Record) {
			l.Input = text
		}
	}
	encoded, err := encode(l)
	if err != nil {
		// A connector's position that does not encode is the only thing that
		// can fail here; the letter matters more than it.
		l.Position = nil
		encoded, _ = encode(l)
	}
	if to.sink.options.Bare {
		encoded = bytes.TrimSuffix(encoded, []byte{'\n'})
	}
	o.Data = append(o.Data, encoded...)
	if to.depot.ends {
		o.Ends = append(o.Ends, uint32(len(o.Data)))
	}
	o.Count++
}

// encode is JSON as a line, without the escapes that are meant for HTML.
func encode(l any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err := enc.Encode(l)
	return buf.Bytes(), err
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

// letterPackets is how many packets of dead letters a batch will send.
func (in *Input) letterPackets(b *Batch) (packets int32) {
	seen := uint64(0)
	fails := b.engine.run.fails
	for i := range fails {
		if fails[i].then == Dead {
			seen |= 1 << in.deadIndex(fails[i].by)
		}
	}
	return int32(bits.OnesCount64(seen))
}

// deadIndex is the place in region.deads of a node's dead-letter sink.
func (in *Input) deadIndex(node int) int {
	return in.region.deadOf[node]
}

// writeLetters makes the dead letters of a batch.
func (in *Input) writeLetters(b *Batch) (any bool) {
	fails := b.engine.run.fails
	for i := range fails {
		f := &fails[i]
		in.noteFailure(b, f)
		if f.then != Dead {
			continue
		}
		at := in.deadIndex(f.by)
		to := in.region.deads[at]
		if in.deads[at] == nil {
			in.deads[at] = to.depot.get()
		}
		in.p.appendLetter(to, in.deads[at], in.describe(b, f), f.at)
		any = true
	}
	return any
}

func (in *Input) pushLetters(b *Batch) {
	for at, o := range in.deads {
		if o != nil && o.Count > 0 {
			in.deads[at] = nil
			in.send(b, in.region.deads[at], in.deadProducers[at], o)
		}
	}
}
