// Package native makes sources and sinks of Go that a user wrote: plain
// functions and types, in the shapes that the compiler recognised.
package native

import (
	"context"
	"errors"
)

// A Life is the optional methods of a component, in one form; nil for those
// that it lacks.
type Life struct {
	Open, Flush, Close, Healthy func(context.Context) error
}

// ErrUnhealthy is what a component reports whose Healthy returned false.
var ErrUnhealthy = errors.New("the component says that it is not healthy")

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}
