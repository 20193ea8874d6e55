package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/flowc-dev/flowc/cmd/flowc/internal/oracle"
)

// A recorder is the server that sinks of random pipelines send to: it writes
// what comes to the folder of the program that runs.
type recorder struct {
	*httptest.Server
	t  *testing.T
	mu sync.Mutex
	// dir is where the program runs.
	dir string
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// runsIn says where the next program runs.
func (r *recorder) runsIn(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dir = dir
}

// ServeHTTP notes each line of a body: a record.
func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.note(q); err != nil {
		r.t.Error(err)
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (r *recorder) note(q *http.Request) error {
	path := filepath.Join(r.dir, filepath.FromSlash(oracle.PostedFile(q.RequestURI)))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	body := bufio.NewReader(q.Body)
	for {
		line, err := body.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] == '\n' {
				line = line[:len(line)-1]
			}
			noted := oracle.PostedLine(q.Method, q.RequestURI, q.Header.Get("Content-Type"), q.Header.Get("Idempotency-Key"), line)
			if _, err := f.Write(append(noted, '\n')); err != nil {
				return errors.Join(err, f.Close())
			}
		}
		if err == io.EOF {
			return f.Close()
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
	}
}
