// Command answering is a component for tests that answers for each event: it is made with
// runtime/component.
//
//	answering source|processor|sink [flags]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/flowc-dev/flowc/runtime/component"
)

var (
	count     = flag.Int("count", 10, "how many events a source gives")
	every     = flag.Int("every", 1, "a source can go on behind each such event")
	follow    = flag.String("follow", "", "a source gives the lines of this file, and those that come")
	breakAt   = flag.Int("break-at", -1, "a source dies before it gives that event, where -once is not there")
	dieAt     = flag.String("die-at", "", "the payload at which it dies")
	once      = flag.String("once", "", "a file: it dies, or fails, only where that is not there yet")
	failAt    = flag.String("fail-at", "", "the payload that fails")
	transient = flag.Bool("transient", false, "it may succeed later")
	drop      = flag.Int("drop", 0, "nothing comes of each such event")
	double    = flag.Bool("double", false, "two come of each")
	big       = flag.Int("big", 0, "each answer has that many bytes")
	out       = flag.String("out", "", "the file in which a sink notes what it got")
	bare      = flag.Bool("bare", false, "a sink notes payloads alone")
	slow      = flag.Duration("slow", 0, "how long it takes for each event")
	safe      = flag.String("safe", "", "the file in which a source notes what is safe")
)

func main() {
	log.SetFlags(0)
	role := os.Args[1]
	_ = flag.CommandLine.Parse(os.Args[2:])
	info := component.Info{Name: "answering", Version: "1"}
	var part component.Part
	switch role {
	case "source":
		part = component.Source(read)
		if *follow != "" {
			part = component.Source(tail)
		}
		part = component.WhenSafe(part, func(_ context.Context, position string) error {
			if *safe == "" {
				return nil
			}
			return os.WriteFile(*safe, []byte(position), 0o644)
		})
	case "processor":
		info.Gives = []string{"test.done.v1"}
		part = component.Flat(process)
	case "sink":
		f, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			log.Fatal(err)
		}
		part = component.Sink(func(_ context.Context, e component.Event) error {
			if err := meet(e); err != nil {
				return err
			}
			if *bare {
				_, err := fmt.Fprintf(f, "%s\n", e.Payload)
				return err
			}
			_, err := fmt.Fprintf(f, "%s|%s|%s|%d.%d\n", e.ID, e.Type, e.Payload, e.Ledger, e.Index)
			return err
		})
	}
	if err := component.Serve(context.Background(), info, part); err != nil {
		log.Fatal(err)
	}
}

// first tells whether what it does once was not done yet.
func first() bool {
	if *once == "" {
		return true
	}
	if _, err := os.Stat(*once); err == nil {
		return false
	}
	return os.WriteFile(*once, nil, 0o644) == nil
}

// meet dies or fails at an event.
func meet(e component.Event) error {
	time.Sleep(*slow)
	text := strings.TrimSpace(string(e.Payload))
	if *dieAt != "" && text == *dieAt && first() {
		fmt.Fprintf(os.Stderr, "dying at %s\n", *dieAt)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if *failAt != "" && text == *failAt && first() {
		err := errors.New("no good: " + text)
		if *transient {
			err = component.Transient(err)
		}
		return err
	}
	return nil
}

func read(ctx context.Context, from string, give func(component.Event, string) error) error {
	start, _ := strconv.Atoi(from)
	fmt.Fprintf(os.Stderr, "reading from %q\n", from)
	for i := start; i < *count; i++ {
		if i == *breakAt && first() {
			time.Sleep(100 * time.Millisecond) // what was given is on its way
			os.Exit(4)
		}
		position := ""
		if (i+1)%*every == 0 {
			position = strconv.Itoa(i + 1)
		}
		if err := give(component.Event{ID: fmt.Sprintf("e%d", i), Type: "test.number.v1", Payload: fmt.Appendf(nil, `{"n":%d}`, i)}, position); err != nil {
			return err
		}
	}
	return nil
}

// tail gives the lines of a file, each with the place behind it.
func tail(ctx context.Context, from string, give func(component.Event, string) error) error {
	at, _ := strconv.Atoi(from)
	for {
		data, err := os.ReadFile(*follow)
		if err != nil {
			return err
		}
		for {
			line, _, whole := strings.Cut(string(data[at:]), "\n")
			if !whole {
				break
			}
			at += len(line) + 1
			if err := give(component.Event{Payload: []byte(line), ContentType: "text/plain"}, strconv.Itoa(at)); err != nil {
				return err
			}
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func process(_ context.Context, e component.Event) ([]component.Event, error) {
	if err := meet(e); err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(string(e.Payload))
	switch {
	case *drop > 0 && n%*drop == 0:
		return nil, nil
	case *big > 0:
		return []component.Event{{Payload: make([]byte, *big)}}, nil
	case *double:
		return []component.Event{{Payload: e.Payload}, {Payload: e.Payload}}, nil
	}
	return []component.Event{{Payload: e.Payload}}, nil
}
