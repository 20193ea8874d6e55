package s3

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// content is the body of a request, without the frames that clients put around its pieces
// to sign each of them (aws-chunked).
func content(r *http.Request) io.Reader {
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return &chunks{from: bufio.NewReader(r.Body)}
	}
	return r.Body
}

// errChunk is a body that breaks off, or is none of that form.
var errChunk = errors.New("the body is not as aws-chunked has it")

// chunks reads SIZE[;chunk-signature=…]CRLF BYTES CRLF …, up to one of no size.
type chunks struct {
	from *bufio.Reader
	left int64
	end  bool
}

// Read implements [io.Reader].
func (c *chunks) Read(b []byte) (int, error) {
	if c.end {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.head(); err != nil {
			return 0, err
		}
		if c.end {
			_, err := io.Copy(io.Discard, c.from) // trailers
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
	}
	n, err := c.from.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	if err == io.EOF {
		return n, fmt.Errorf("%w: it breaks off", errChunk)
	}
	if err == nil && c.left == 0 {
		var line [2]byte
		if _, err := io.ReadFull(c.from, line[:]); err != nil || line != [2]byte{'\r', '\n'} {
			return n, errChunk
		}
	}
	return n, err
}

// head reads the size of the next chunk.
func (c *chunks) head() error {
	line, err := c.from.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("%w: %w", errChunk, err)
	}
	size, _, _ := strings.Cut(strings.TrimSpace(string(line)), ";")
	if c.left, err = strconv.ParseInt(size, 16, 64); err != nil || c.left < 0 {
		return errChunk
	}
	c.end = c.left == 0
	return nil
}
