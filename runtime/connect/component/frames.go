package component

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/flowc-dev/flowc/runtime/proto"
)

// nearer is a stream in frames to a component of this host, nil where there is none: it names
// no socket, or is in a container, where another one lies there, or none. It is closed when
// ctx ends.
func (p *peer) nearer(ctx context.Context) stream {
	path := p.info.GetMetadata()[proto.MetaSocket]
	host, _, err := net.SplitHostPort(p.address)
	if ip := net.ParseIP(host); path == "" || err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil
	}
	if p.info.GetMetadata()[proto.MetaInstance] == "" || !strings.HasPrefix(path, "@") && !strings.HasPrefix(path, "/") {
		return nil
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	return &framed{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
}

// A strangerError is the socket of another process than the one that was asked.
type strangerError struct{}

func (*strangerError) Error() string { return "the socket that it names is another process's" }

// A framed is a stream in frames.
type framed struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

// framed tells whether the stream is one in frames.
func (l *link) framed() bool {
	_, is := l.stream.(*framed)
	return is
}

// keepBytes is how much memory for frames is kept between two of them.
const keepBytes = 4 << 20

// Send writes a message. io.EOF is a stream that is over: what is received says why.
func (s *framed) Send(m *proto.FromPipeline) (err error) {
	if s.out, err = proto.AppendPipelineFrame(s.out[:0], m); err != nil {
		return err
	}
	_, err = s.conn.Write(s.out)
	if cap(s.out) > keepBytes {
		s.out = nil
	}
	if err != nil {
		return io.EOF
	}
	return nil
}

// Recv reads a message; io.EOF where the component ended the stream well.
func (s *framed) Recv() (*proto.FromComponent, error) {
	m, err := proto.ReadComponentFrame(s.in)
	switch closed := m.GetClosed(); {
	case errors.Is(err, io.EOF):
		return nil, status.Error(codes.Unavailable, "the connection ended without a word")
	case err != nil:
		return nil, status.Error(codes.Unavailable, err.Error())
	case closed != nil && closed.GetCode() == 0:
		return nil, io.EOF
	case closed != nil:
		return nil, status.Error(codes.Code(closed.GetCode()), closed.GetMessage())
	}
	return m, nil
}

// CloseSend says that the pipeline has said all.
func (s *framed) CloseSend() error {
	if c, ok := s.conn.(*net.UnixConn); ok {
		return c.CloseWrite()
	}
	return nil
}
