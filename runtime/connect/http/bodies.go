package http

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"strings"

	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// bodies makes the bodies of requests, in memory that is used again.
type bodies struct {
	format string
	single bool // a record each, with nothing around it
	zip    bool
	// action is what a bulk endpoint is to do with each record, "" where it is no
	// such endpoint; index, where records go that do not say it. id and indexKey are
	// where both stand in Out.Keys, -1 for nowhere.
	action, index string
	id, indexKey  int

	plain  []byte
	packed bytes.Buffer
	packer *gzip.Writer
}

// contentType is what a body is.
func (b *bodies) contentType() string {
	switch {
	case b.format == "text":
		return "text/plain; charset=utf-8"
	case b.format == "ndjson" && !b.single:
		return "application/x-ndjson"
	}
	return "application/json"
}

// before writes the line that stands before a record at a bulk endpoint.
func (b *bodies) before(o *flow.Out, i int) {
	key := func(at int) string {
		if at < 0 {
			return ""
		}
		return o.Keys[at][i]
	}
	comma := ""
	b.plain = append(append(append(b.plain, `{"`...), b.action...), `":{`...)
	if index := cmp.Or(key(b.indexKey), b.index); index != "" {
		b.plain = appendText(append(b.plain, `"_index":`...), index)
		comma = ","
	}
	if id := key(b.id); id != "" {
		b.plain = appendText(append(append(b.plain, comma...), `"_id":`...), id)
	}
	b.plain = append(b.plain, "}}\n"...)
}

// appendText appends a JSON string; what is no UTF-8 in it becomes �.
func appendText(to []byte, text string) []byte {
	if to, err := jsonscan.AppendString(to, text); err == nil {
		return to
	}
	to, _ = jsonscan.AppendString(to, strings.ToValidUTF8(text, "�")) // now it is
	return to
}

// of makes the body with records [from, to) of a packet. It is good until the
// next one is made.
func (b *bodies) of(o *flow.Out, from, to int) ([]byte, error) {
	begin := uint32(0)
	if from > 0 {
		begin = o.Ends[from-1]
	}
	end := uint32(len(o.Data))
	if to < o.Count {
		end = o.Ends[to-1]
	}
	body := o.Data[begin:end]
	switch {
	case b.action != "":
		b.plain = b.plain[:0]
		for i := from; i < to; i++ {
			b.before(o, i)
			b.plain = append(b.plain, o.Data[begin:o.Ends[i]]...)
			begin = o.Ends[i]
		}
		body = b.plain
	case b.single:
		body = bytes.TrimSuffix(body, newline)
	case b.format == "json":
		b.plain = append(b.plain[:0], '[')
		for i := from; i < to; i++ {
			if i > from {
				b.plain = append(b.plain, ',')
			}
			b.plain = append(b.plain, o.Data[begin:o.Ends[i]]...)
			begin = o.Ends[i]
		}
		b.plain = append(b.plain, ']')
		body = b.plain
	}
	if !b.zip {
		return body, nil
	}
	b.packed.Reset()
	if b.packer == nil {
		b.packer = gzip.NewWriter(&b.packed)
	} else {
		b.packer.Reset(&b.packed)
	}
	if _, err := b.packer.Write(body); err != nil {
		return nil, err
	}
	if err := b.packer.Close(); err != nil {
		return nil, err
	}
	return b.packed.Bytes(), nil
}
