package component

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// frames serves flowc.v1 at the socket for pipelines of this host. A connection is a stream.
type frames struct {
	c        *server
	listener net.Listener

	mu      sync.Mutex
	open    map[net.Conn]bool
	closed  bool
	streams sync.WaitGroup
}

func (f *frames) serve() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return // it was closed; what else may go wrong leaves TCP
		}
		f.mu.Lock()
		if f.closed {
			f.mu.Unlock()
			conn.Close()
			return
		}
		if f.open == nil {
			f.open = map[net.Conn]bool{}
		}
		f.open[conn] = true
		f.streams.Add(1)
		f.mu.Unlock()
		go func() {
			defer f.streams.Done()
			f.stream(conn)
			f.mu.Lock()
			delete(f.open, conn)
			f.mu.Unlock()
		}()
	}
}

// stream serves one connection, and says how it ended.
func (f *frames) stream(conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &framed{ctx: ctx, cancel: cancel, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	a := &acked{c: f.c}
	var err error
	switch role := f.c.part.role; role {
	case proto.ComponentType_COMPONENT_TYPE_SOURCE:
		err = a.read(s)
	default:
		err = a.answer(s, role)
	}
	st := status.Convert(err)
	if s.Send(&proto.FromComponent{Message: &proto.FromComponent_Closed{Closed: &proto.Closed{Code: uint32(st.Code()), Message: st.Message()}}}) != nil {
		return
	}
	// What it was still sent is read, so that the end is not lost with it.
	if c, ok := conn.(*net.UnixConn); ok && c.CloseWrite() == nil {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second)) // of a closed connection the read says so
		_, _ = io.Copy(io.Discard, conn)
	}
}

// finish waits until the streams have ended, for so long at most.
func (f *frames) finish(most time.Duration) {
	if f.listener == nil {
		return
	}
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.listener.Close()
	force := time.AfterFunc(most, f.close)
	defer force.Stop()
	f.streams.Wait()
}

// close ends all streams at once.
func (f *frames) close() {
	if f.listener == nil {
		return
	}
	f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for conn := range f.open {
		conn.Close()
	}
}

// A framed is a stream over a connection.
type framed struct {
	ctx    context.Context
	cancel context.CancelFunc
	conn   net.Conn
	in     *bufio.Reader
	out    []byte
}

// Context ends when the pipeline is gone.
func (s *framed) Context() context.Context { return s.ctx }

// Recv reads a message; io.EOF where the pipeline has said all.
func (s *framed) Recv() (*proto.FromPipeline, error) {
	m, err := proto.ReadPipelineFrame(s.in)
	if err != nil && !errors.Is(err, io.EOF) {
		s.cancel()
	}
	return m, err
}

// keepBytes is how much memory for frames is kept between two of them.
const keepBytes = 4 << 20

// Send writes a message.
func (s *framed) Send(m *proto.FromComponent) (err error) {
	if s.out, err = proto.AppendComponentFrame(s.out[:0], m); err != nil {
		return err
	}
	if _, err = s.conn.Write(s.out); err != nil {
		s.cancel()
	}
	if cap(s.out) > keepBytes {
		s.out = nil
	}
	return err
}
