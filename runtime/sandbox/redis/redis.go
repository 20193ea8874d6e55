// Package redis serves the protocol of Redis in the process of a sandbox. What is in it is
// written to a file when it changes, once a second at most, and when it ends: a process that
// is killed loses the last second.
package redis

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A running server.
type running struct {
	redis *miniredis.Miniredis
	file  string
	login sandbox.Login
	log   func(format string, args ...any)

	changed atomic.Bool
	stop    context.CancelFunc
	saving  sync.WaitGroup
}

// Start starts a server with what was in it.
func Start(_ context.Context, h *sandbox.Host) (sandbox.Server, error) {
	r := &running{redis: miniredis.NewMiniRedis(), file: filepath.Join(h.Dir, "dump"), log: h.Log}
	if err := r.redis.StartAddr(h.Address()); err != nil {
		return nil, err
	}
	r.redis.ClockTTL(true)
	if err := restore(r.redis.Addr(), r.file); err != nil {
		r.redis.Close()
		return nil, fmt.Errorf("what was kept can't be read: %w", err)
	}
	for _, l := range h.Logins {
		if l.Password == "" {
			continue
		}
		r.login = l
		if l.User == "" || l.User == "default" {
			r.redis.RequireAuth(l.Password)
		} else {
			r.redis.RequireUserAuth(l.User, l.Password)
		}
	}
	r.redis.Server().SetPreHook(func(_ *server.Peer, cmd string, _ ...string) bool {
		if !r.redis.IsReadOnlyCommand(cmd) {
			r.changed.Store(true)
		}
		return false
	})
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.saving.Go(func() { r.keep(ctx) })
	return r, nil
}

// keep saves what has changed. A large one is saved less often.
func (r *running) keep(ctx context.Context) {
	pause := time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		if !r.changed.Swap(false) {
			continue
		}
		began := time.Now()
		r.save()
		pause = max(time.Second, 10*time.Since(began))
	}
}

func (r *running) save() {
	if err := save(r.redis.Addr(), r.login, r.file, r.log); err != nil {
		r.changed.Store(true)
		r.log("it can't be kept: %v", err)
	}
}

// Stop implements [sandbox.Server].
func (r *running) Stop() {
	r.stop()
	r.saving.Wait()
	r.save()
	r.redis.Close()
}

// Died implements [sandbox.Server]: it lives as long as the process.
func (*running) Died() <-chan error { return nil }
