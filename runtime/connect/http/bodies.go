package http

import (
	"bytes"
	"compress/gzip"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// bodies makes the bodies of requests, in memory that is used again.
type bodies struct {
	format string
	single bool // a record each, with nothing around it
	zip    bool

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
