//go:build linux

// Command load sends events to an HTTP server, one a request, and tells how it took
// them, as JSON.
//
//	load -address 127.0.0.1:8080 -input events.ndjson -count 20000
//	load -address 127.0.0.1:8080 -input events.ndjson -for 2s
//	load -address 127.0.0.1:8080 -input events.ndjson -for 2s -rate 5000
//
// Without a rate every connection sends its next event when it has its answer: the
// most that a server takes. With a rate, requests are due at fixed moments whatever
// the server does, and a latency counts from that moment: a server that stalls is
// charged with all who wait, not with one.
//
// It is one thread around epoll, for two reasons. The generator must need less time a
// request than the fastest server. And with a rate it looks at the clock all the time,
// since a timer of a sleeping process comes up to a millisecond late.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/load/result"
	"github.com/flowc-dev/flowc/bench/internal/stats"
)

func main() {
	runtime.LockOSThread()
	var l loader
	address := flag.String("address", "", "host:port of the server, by number")
	input := flag.String("input", "", "file of events, one a line")
	connections := flag.Int("connections", 64, "connections that are kept open")
	flag.IntVar(&l.count, "count", 0, "send so many events")
	flag.DurationVar(&l.span, "for", 0, "send events for so long, from the first of the file again and again")
	flag.Float64Var(&l.rate, "rate", 0, "events a second (0: as fast as the server answers)")
	flag.Parse()
	if err := run(&l, *address, *input, *connections); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(l *loader, address, input string, connections int) error {
	if (l.count > 0) == (l.span > 0) {
		return errors.New("either -count or -for is needed")
	}
	var err error
	if l.requests, err = requests(input); err != nil {
		return err
	}
	if err := l.connect(address, connections); err != nil {
		return err
	}
	before := cpu()
	begin := time.Now()
	if err := l.run(begin); err != nil {
		return err
	}
	phase := result.Phase{Requests: len(l.latencies), Elapsed: time.Since(begin), CPU: cpu() - before}
	slices.Sort(l.latencies)
	phase.P50 = stats.Quantile(l.latencies, 0.5)
	phase.P99 = stats.Quantile(l.latencies, 0.99)
	phase.P999 = stats.Quantile(l.latencies, 0.999)
	phase.Max = stats.Quantile(l.latencies, 1)
	return json.NewEncoder(os.Stdout).Encode(phase)
}

// requests makes the whole bytes of a request for each line of a file.
func requests(input string) ([][]byte, error) {
	f, err := os.Open(input)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all [][]byte
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		all = append(all, fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(s.Bytes()), s.Bytes()))
	}
	if len(all) == 0 && s.Err() == nil {
		return nil, fmt.Errorf("%s has no events", input)
	}
	return all, s.Err()
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
