package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"

	pb "google.golang.org/protobuf/proto"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// Frames are the messages of flowc.v1 behind their length, on a unix socket: what is saved
// where gRPC is left out.

func writeFrame(w *bufio.Writer, m pb.Message, buf []byte) ([]byte, error) {
	buf, err := pb.MarshalOptions{}.MarshalAppend(buf[:0], m)
	if err != nil {
		return buf, err
	}
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(buf)))
	if _, err := w.Write(head[:]); err != nil {
		return buf, err
	}
	_, err = w.Write(buf)
	return buf, err
}

func readFrame(r *bufio.Reader, m pb.Message, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return buf, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	if _, err := io.ReadFull(r, buf[:n]); err != nil {
		return buf, err
	}
	return buf, pb.Unmarshal(buf[:n], m)
}

func serveFrames(role string, ready func(string)) error {
	folder, err := os.MkdirTemp("", "hop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	ready(path)
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	r, w := bufio.NewReaderSize(conn, 256<<10), bufio.NewWriterSize(conn, 256<<10)
	var in, out []byte
	for {
		b := &proto.Batch{}
		if in, err = readFrame(r, b, in); err != nil {
			return nil
		}
		a := &proto.Answer{Number: b.GetNumber()}
		if role == "processor" {
			a.Events = b.GetEvents()
		}
		if out, err = writeFrame(w, a, out); err != nil {
			return err
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}

func dialFrames(_ string, address string, payload []byte) (func(int) error, func(), error) {
	conn, err := net.Dial("unix", address)
	if err != nil {
		return nil, nil, err
	}
	r, w := bufio.NewReaderSize(conn, 256<<10), bufio.NewWriterSize(conn, 256<<10)
	var in, out []byte
	number := uint64(0)
	give := func(n int) error {
		const size, ahead = 256, 1 // more, and both ends may wait for the other to read
		waiting := 0
		hear := func() (err error) {
			a := &proto.Answer{}
			in, err = readFrame(r, a, in)
			waiting--
			return err
		}
		for n > 0 {
			number++
			b := &proto.Batch{Number: number, Events: make([]*proto.Event, min(n, size))}
			for i := range b.Events {
				b.Events[i] = event(payload)
			}
			var err error
			if out, err = writeFrame(w, b, out); err == nil {
				err = w.Flush()
			}
			if err != nil {
				return err
			}
			n -= len(b.Events)
			if waiting++; waiting == ahead {
				if err := hear(); err != nil {
					return err
				}
			}
		}
		for waiting > 0 {
			if err := hear(); err != nil {
				return err
			}
		}
		return nil
	}
	return give, func() { conn.Close() }, nil
}
