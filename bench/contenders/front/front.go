// Package front is the HTTP side of the servers written by hand: it reads the body of a
// request, hands it on, and answers when that is done.
package front

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/flowc-dev/flowc/bench/contenders/scan"
)

// A Desk is what one request needs. It is used again.
type Desk struct {
	Payments *scan.Payments
	Line     []byte
	body     bytes.Buffer
}

// A BadRequest is an event that can't be taken.
type BadRequest struct{ Err error }

func (e *BadRequest) Error() string { return e.Err.Error() }

// Unwrap is what is wrong with the event.
func (e *BadRequest) Unwrap() error { return e.Err }

// Serve answers requests at an address: 200 when take has returned, 400 for a
// *BadRequest and 503 for any other error. take may keep nothing of its arguments.
func Serve(address string, take func(ctx context.Context, d *Desk, event []byte) error) error {
	return http.ListenAndServe(address, handler(take))
}

type handler func(ctx context.Context, d *Desk, event []byte) error

var (
	desks  = sync.Pool{New: func() any { return &Desk{Payments: scan.NewPayments()} }}
	answer = []byte(`{"accepted":1}` + "\n")
	kind   = []string{"application/json"}
)

func (take handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := desks.Get().(*Desk)
	defer desks.Put(d)
	d.body.Reset()
	if _, err := d.body.ReadFrom(r.Body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	err := take(r.Context(), d, bytes.TrimRight(d.body.Bytes(), "\n"))
	var bad *BadRequest
	switch {
	case err == nil:
		Accept(w)
	case errors.As(err, &bad):
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// Accept says that one event is taken.
func Accept(w http.ResponseWriter) {
	w.Header()["Content-Type"] = kind
	_, _ = w.Write(answer) // the client has gone
}
