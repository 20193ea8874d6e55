package proto

import (
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// Codec is gRPC's of protobuf, but for batches and answers of flowc.v1, which are written and
// read as in frames. The bytes are the same.
func Codec() encoding.CodecV2 { return codec{encoding.GetCodecV2(grpcproto.Name)} }

type codec struct{ encoding.CodecV2 }

// Marshal writes a message.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	var b []byte
	switch m := v.(type) {
	case *FromPipeline:
		if batch, ok := m.GetMessage().(*FromPipeline_Batch); ok {
			b = appendBatch(make([]byte, 0, sizeOf(batch.Batch.GetEvents())), batch.Batch)
		}
	case *FromComponent:
		switch v := m.GetMessage().(type) {
		case *FromComponent_Batch:
			b = appendBatch(make([]byte, 0, sizeOf(v.Batch.GetEvents())), v.Batch)
		case *FromComponent_Answer:
			b = appendAnswer(make([]byte, 0, sizeOf(v.Answer.GetEvents())), v.Answer)
		}
	}
	if b == nil {
		return c.CodecV2.Marshal(v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// sizeOf is about how many bytes events take, and mostly enough.
func sizeOf(events []*Event) int {
	n := 64
	for _, e := range events {
		n += 256 + len(e.GetPayload())
	}
	return n
}

// Unmarshal reads a message. The payloads of a batch share the memory that is made for it.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	switch m := v.(type) {
	case *FromPipeline:
		if batch, ok := parseBatch(data.Materialize()); ok {
			m.Message = &FromPipeline_Batch{Batch: batch}
			return nil
		}
	case *FromComponent:
		bytes := data.Materialize()
		if batch, ok := parseBatch(bytes); ok {
			m.Message = &FromComponent_Batch{Batch: batch}
			return nil
		}
		if answer, ok := parseAnswer(bytes); ok {
			m.Message = &FromComponent_Answer{Answer: answer}
			return nil
		}
	}
	return c.CodecV2.Unmarshal(data, v)
}
