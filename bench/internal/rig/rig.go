// Package rig starts the servers that workloads write to: a database and a broker, in
// processes and on cores of their own, so that what they use is not counted.
package rig

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// A Rig is where servers are started.
type Rig struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string // where servers keep what they are given
	Cores    []int  // the cores that they run on
}

// FreeAddress gives an address of 127.0.0.1 that nobody listens on.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Wait waits until something listens on an address.
func Wait(ctx context.Context, address string) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		c, err := net.DialTimeout("tcp4", address, time.Second)
		if err == nil {
			return c.Close()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("the server does not listen: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
