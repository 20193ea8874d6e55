// Command nethttp is a server of the standard library, in the two forms that W6 is
// compared with: one that reads the body and answers, and one that does W2's
// transform with the scanner written by hand, writes, and then answers.
//
//	nethttp nothing ADDRESS
//	nethttp acked ADDRESS OUTPUT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/flowc-dev/flowc/bench/contenders/front"
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
		a := &acked{out: f}
		return front.Serve(args[1], a.take)
	}
	return errors.New("usage: nethttp nothing ADDRESS | acked ADDRESS OUTPUT")
}

func nothing(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	front.Accept(w)
}

// acked answers after the write.
type acked struct {
	mu  sync.Mutex
	out *os.File
}

func (a *acked) take(_ context.Context, d *front.Desk, event []byte) (err error) {
	if d.Line, err = d.Payments.Line(event, d.Line[:0]); err != nil {
		return &front.BadRequest{Err: err}
	}
	if len(d.Line) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err = a.out.Write(d.Line)
	return err
}
