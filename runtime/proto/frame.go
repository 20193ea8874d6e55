package proto

import (
	"encoding/binary"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
)

// Between processes of one host flowc.v1 goes in frames over a unix socket: the length of a
// message in four bytes, the highest first, and the message. It costs a fraction of what
// gRPC does. Batches and answers are written and read by code of their own (fast.go,
// parse.go), which gives and takes the same bytes as any other implementation.

// MaxFrame is the longest message in a frame, in bytes.
const MaxFrame = 64 << 20

// AppendPipelineFrame appends the frame of a message of a pipeline.
func AppendPipelineFrame(b []byte, m *FromPipeline) ([]byte, error) {
	begin := len(b)
	b = append(b, 0, 0, 0, 0)
	if batch, ok := m.GetMessage().(*FromPipeline_Batch); ok {
		return framed(appendBatch(b, batch.Batch), begin)
	}
	return other(b, begin, m)
}

// AppendComponentFrame appends the frame of a message of a component.
func AppendComponentFrame(b []byte, m *FromComponent) ([]byte, error) {
	begin := len(b)
	b = append(b, 0, 0, 0, 0)
	switch v := m.GetMessage().(type) {
	case *FromComponent_Batch:
		return framed(appendBatch(b, v.Batch), begin)
	case *FromComponent_Answer:
		return framed(appendAnswer(b, v.Answer), begin)
	}
	return other(b, begin, m)
}

func other(b []byte, begin int, m proto.Message) ([]byte, error) {
	b, err := proto.MarshalOptions{}.MarshalAppend(b, m)
	if err != nil {
		return b[:begin], err
	}
	return framed(b, begin)
}

// framed puts the length in front of a message.
func framed(b []byte, begin int) ([]byte, error) {
	n := len(b) - begin - 4
	if n > MaxFrame {
		return b[:begin], fmt.Errorf("a message of %d bytes, and a frame holds %d", n, MaxFrame)
	}
	binary.BigEndian.PutUint32(b[begin:], uint32(n))
	return b, nil
}

// ReadPipelineFrame reads a message of a pipeline; io.EOF where there is none. Its memory is
// its own: the payloads of a batch share it.
func ReadPipelineFrame(r io.Reader) (*FromPipeline, error) {
	data, err := readFrame(r)
	if err != nil {
		return nil, err
	}
	if batch, ok := parseBatch(data); ok {
		return &FromPipeline{Message: &FromPipeline_Batch{Batch: batch}}, nil
	}
	m := &FromPipeline{}
	return m, proto.Unmarshal(data, m)
}

// ReadComponentFrame reads a message of a component; io.EOF where there is none. Its memory is
// its own: the payloads of a batch share it.
func ReadComponentFrame(r io.Reader) (*FromComponent, error) {
	data, err := readFrame(r)
	if err != nil {
		return nil, err
	}
	if batch, ok := parseBatch(data); ok {
		return &FromComponent{Message: &FromComponent_Batch{Batch: batch}}, nil
	}
	if answer, ok := parseAnswer(data); ok {
		return &FromComponent{Message: &FromComponent_Answer{Answer: answer}}, nil
	}
	m := &FromComponent{}
	return m, proto.Unmarshal(data, m)
}

func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > MaxFrame {
		return nil, fmt.Errorf("a frame of %d bytes, and it holds %d at most", n, MaxFrame)
	}
	const piece = 1 << 20 // memory is taken as it comes, and not as it is told
	if n <= piece {
		data := make([]byte, n)
		_, err := io.ReadFull(r, data)
		return data, whole(err)
	}
	var data []byte
	for have := 0; have < int(n); have = len(data) {
		more := min(piece, int(n)-have)
		data = append(data, make([]byte, more)...)
		if _, err := io.ReadFull(r, data[have:]); err != nil {
			return nil, whole(err)
		}
	}
	return data, nil
}

// whole is the error of a frame that ends in its middle.
func whole(err error) error {
	if err == io.EOF { //nolint:errorlint // io.ReadFull returns it bare
		return io.ErrUnexpectedEOF
	}
	return err
}
