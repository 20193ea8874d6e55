// Command bench measures flowc's programs against programs written by hand and
// against other tools, and writes the tables of README.md.
//
//	go run .                                  all workloads, three rounds
//	go run . -workloads W2,W3 -rounds 5       some of them
//	go run . -out ""                          print only
//
// It exits with 1 when a contender's result is wrong or a contender fails.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
