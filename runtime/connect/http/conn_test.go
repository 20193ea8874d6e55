package http

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A connection is left alone while its request waits: what the client sends in
// that time, its leaving, and the next requests must be as on any other.
func TestQuietConnections(t *testing.T) {
	var answered atomic.Int64
	url, s := served(t, nil, func(b *flow.Batch) error {
		time.Sleep(2 * time.Millisecond) // the server begins to read on
		answered.Add(1)
		return nil
	})
	address := s.Addr().String()
	request := func(body string) string {
		return fmt.Sprintf("POST /in HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	chunked := "POST /in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{}\n{\r\n1\r\n}\r\n0\r\n\r\n"
	dial := func() net.Conn {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}

	t.Run("pipelined", func(t *testing.T) {
		c := dial()
		// All at once, so that the next request is there while one waits, and byte
		// by byte, so that reads of one byte happen.
		all := strings.Repeat(request("{}")+request("{}\n{}")+chunked+request("nonsense"), 5)
		go func() {
			half := len(all) / 2
			_, _ = io.WriteString(c, all[:half])
			for i := range all[half:] {
				_, _ = io.WriteString(c, all[half+i:half+i+1])
			}
		}()
		r := bufio.NewReader(c)
		for i := range 20 {
			a, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("answer %d: %v", i, err)
			}
			body, err := io.ReadAll(a.Body)
			want := []string{`{"accepted": 1}`, `{"accepted": 2}`, `{"accepted": 2}`, `{"accepted": 1}`}[i%4]
			if err != nil || strings.TrimSpace(string(body)) != want {
				t.Fatalf("answer %d: %s %v, want %s", i, body, err, want)
			}
		}
	})
	t.Run("client leaves", func(t *testing.T) {
		before := answered.Load()
		for range 10 {
			c := dial()
			_, _ = io.WriteString(c, request("{}"))
			time.Sleep(time.Millisecond)
			c.Close()
		}
		// What was taken is written, and the connections are given up.
		eventually(t, "records of clients that left", func() bool { return answered.Load() == before+10 })
		eventually(t, "their connections", func() bool {
			s.listener.mu.Lock()
			defer s.listener.mu.Unlock()
			return len(s.listener.conns) <= 1 // of the pipelined requests
		})
	})
	t.Run("long headers", func(t *testing.T) {
		// The server's buffer of 4 KB is filled to its last byte.
		for pad := 3980; pad < 4020; pad++ {
			if r := send(t, url, "{}", "X-Pad", strings.Repeat("x", pad)); r.accepted() != 1 {
				t.Fatalf("header of %d bytes: %+v", pad, r)
			}
		}
	})
}
