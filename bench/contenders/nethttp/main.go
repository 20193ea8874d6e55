// Command nethttp is a server of the standard library, in the two forms that W6 is
// compared with: one that reads the body and answers, and one that does W2's
// transform with the scanner written by hand, writes, and then answers.
//
//	nethttp nothing ADDRESS
//	nethttp acked ADDRESS OUTPUT
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "nethttp:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "nothing":
		return http.ListenAndServe(args[1], http.HandlerFunc(nothing))
	case len(args) == 3 && args[0] == "acked":
		f, err := os.Create(args[2])
		if err != nil {
			return err
		}
		return http.ListenAndServe(args[1], &acked{out: f})
	}
	return errors.New("usage: nethttp nothing ADDRESS | acked ADDRESS OUTPUT")
}

var (
	answer = []byte(`{"accepted":1}` + "\n")
	kind   = []string{"application/json"}
)

func accept(w http.ResponseWriter) {
	w.Header()["Content-Type"] = kind
	_, _ = w.Write(answer) // the client has gone
}

func nothing(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	accept(w)
}

// acked answers after the write.
type acked struct {
	mu  sync.Mutex
	out *os.File
}

// A desk is what one request needs.
type desk struct {
	body     bytes.Buffer
	payments *scan.Payments
	line     []byte
}

var desks = sync.Pool{New: func() any { return &desk{payments: scan.NewPayments()} }}

func (a *acked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	d.body.Reset()
	if _, err := d.body.ReadFrom(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	line, err := d.payments.Line(bytes.TrimRight(d.body.Bytes(), "\n"), d.line[:0])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.line = line
	if len(line) > 0 {
		a.mu.Lock()
		_, err = a.out.Write(line)
		a.mu.Unlock()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	accept(w)
}
