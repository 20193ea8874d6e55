package ingest

import (
	"context"
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// A Server is a contender of W6.
type Server struct {
	Name string
	// Writes is false for the one that only answers: it has no result.
	Writes  bool
	prepare func(context.Context, *shop.Shop) (plan, error)
}

// A plan gives the command that serves at an address and writes to output.
type plan func(address, output, dir string) measure.Command

// Reference is the server that the others are compared with.
const Reference = "net/http doing nothing"

// Servers gives the contenders in the order of the table.
func Servers() []Server {
	program := func(pkg string, args ...string) func(context.Context, *shop.Shop) (plan, error) {
		return func(ctx context.Context, s *shop.Shop) (plan, error) {
			path, err := s.Go(ctx, "contenders/"+pkg)
			return func(address, output, _ string) measure.Command {
				argv := append(append([]string{path}, args...), address)
				if args[0] != "nothing" {
					argv = append(argv, output)
				}
				return measure.Command{Argv: argv}
			}, err
		}
	}
	return []Server{
		{Name: Reference, prepare: program("nethttp", "nothing")},
		{Name: "net/http acked, hand-written scanner", Writes: true, prepare: program("nethttp", "acked")},
		{Name: "naive: net/http acked, encoding/json", Writes: true, prepare: program("naive", "W6")},
		{Name: "flowc", Writes: true, prepare: func(ctx context.Context, s *shop.Shop) (plan, error) {
			path, err := s.Pipeline(ctx, "w6")
			return func(address, output, dir string) measure.Command {
				return measure.Command{
					Argv: []string{path, "--set", "events.config.listen=" + address, "--set", "out.config.path=" + output},
					Dir:  dir, Env: []string{"FLOWC_STATE=" + filepath.Join(dir, "state")},
				}
			}, err
		}},
	}
}
