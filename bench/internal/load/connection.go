//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"syscall"
	"time"
)

// A connection has at most one request under way.
type connection struct {
	fd  int
	due time.Time
	in  []byte // what came of the answer
}

// send writes a request. A socket's buffer holds it whole: a server that reads
// nothing any more is an error.
func (c *connection) send(request []byte, due time.Time) error {
	c.due, c.in = due, c.in[:0]
	n, err := syscall.Write(c.fd, request)
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if n < len(request) {
		return fmt.Errorf("send: the server has stopped reading")
	}
	return nil
}

// receive reads what is there and tells whether the answer is complete.
func (c *connection) receive() (bool, error) {
	if len(c.in) == cap(c.in) {
		c.in = append(c.in, make([]byte, cap(c.in))...)[:len(c.in)]
	}
	n, err := syscall.Read(c.fd, c.in[len(c.in):cap(c.in)])
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("receive: %w", err)
	}
	if n == 0 {
		return false, fmt.Errorf("receive: the server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	c.in = c.in[:len(c.in)+n]
	return complete(c.in)
}

// complete tells whether b is a whole answer. An answer other than 2xx is an error.
func complete(b []byte) (bool, error) {
	head, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		return false, nil
	}
	if len(head) < 12 || head[9] != '2' {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return false, fmt.Errorf("the server answered %q: %.200s", line, bytes.TrimSpace(body))
	}
	length, err := contentLength(head)
	if err != nil {
		return false, err
	}
	if len(body) > length {
		return false, fmt.Errorf("the server sent %d bytes after its answer", len(body)-length)
	}
	return len(body) == length, nil
}

func contentLength(head []byte) (int, error) {
	const name = "content-length:"
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return strconv.Atoi(string(bytes.TrimSpace(line[len(name):])))
		}
	}
	if bytes.HasPrefix(head[9:], []byte("204")) {
		return 0, nil
	}
	return 0, fmt.Errorf("an answer without Content-Length")
}
