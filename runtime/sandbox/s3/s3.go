// Package s3 serves the API of S3 in the process of a sandbox, from a folder: buckets,
// objects with their metadata, ranges, lists, copies, uploads in parts, and what is
// conditional on an ETag. Whoever asks is let in: signatures are not looked at.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A running server.
type running struct {
	http *http.Server
	died chan error
}

// Stop implements [sandbox.Server].
func (r *running) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if r.http.Shutdown(ctx) != nil {
		_ = r.http.Close()
	}
}

// Died implements [sandbox.Server].
func (r *running) Died() <-chan error { return r.died }

// Start starts a server with the buckets of the service.
func Start(_ context.Context, h *sandbox.Host) (sandbox.Server, error) {
	st, err := openStore(h.Dir)
	if err != nil {
		return nil, err
	}
	for _, b := range h.Buckets {
		if err := st.makeBucket(b); err != nil && !errors.Is(err, errBucketThere) {
			return nil, fmt.Errorf("the bucket %s can't be made: %w", b, err)
		}
	}
	l, err := net.Listen("tcp", h.Address())
	if err != nil {
		return nil, err
	}
	r := &running{http: &http.Server{Handler: &handler{store: st, log: h.Log}, ReadHeaderTimeout: 10 * time.Second}, died: make(chan error, 1)}
	go func() {
		if err := r.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			r.died <- err
		}
	}()
	return r, nil
}
