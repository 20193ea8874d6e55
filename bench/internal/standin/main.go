// Command standin is a component that does next to nothing, so that what a hop to it takes
// is the hop. When it ends it writes what it used itself.
//
//	standin -role source|processor|sink -speaks flowc.v1|flowctl.v1|lines -used FILE [-together] [-cpus 0]
//
// A source gives the first lines of the file STANDIN_INPUT, as many as STANDIN_COUNT says. It
// listens where PORT says.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/flowc-dev/flowc/bench/internal/pin"
	"github.com/flowc-dev/flowc/bench/internal/plain"
	"github.com/flowc-dev/flowc/runtime/component"
	"github.com/flowc-dev/flowc/runtime/proto"
)

// Used is what it says when it ends, in nanoseconds of processor time.
type Used struct {
	// All is what the process took, Work what it took since the first event.
	All, Work int64
}

var (
	role     = flag.String("role", "", "source, processor or sink")
	speaks   = flag.String("speaks", "", "flowc.v1, flowctl.v1 or lines")
	usedFile = flag.String("used", "", "the file that says what it took")
	together = flag.Bool("together", false, "a processor says that it handles one event after another")
	cpus     = flag.String("cpus", "", "the cores to run on")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

// pinned is set where the process runs on its cores: they are those of the thread that
// started it.
const pinned = "STANDIN_PINNED"

func run() error {
	if *cpus != "" && os.Getenv(pinned) == "" {
		runtime.LockOSThread()
		if err := pin.Thread(*cpus); err != nil {
			return err
		}
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return syscall.Exec(self, os.Args, append(os.Environ(), pinned+"=1"))
	}
	var lines [][]byte
	if *role == "source" {
		n, err := strconv.Atoi(os.Getenv("STANDIN_COUNT"))
		if err != nil {
			return err
		}
		data, err := os.ReadFile(os.Getenv("STANDIN_INPUT"))
		if err != nil {
			return err
		}
		if lines = bytes.SplitN(data, []byte("\n"), n+1); len(lines) <= n {
			return fmt.Errorf("the input has %d lines, and %d are asked for", len(lines)-1, n)
		}
		lines = lines[:n]
	}
	held := make([]byte, 24<<20) // as runtime/component has it
	defer runtime.KeepAlive(held)
	var err error
	switch *speaks {
	case "flowc.v1":
		err = acked(lines)
	case "flowctl.v1":
		err = serve(lines)
	default:
		err = text(lines)
	}
	if err != nil {
		return err
	}
	data, err := json.Marshal(Used{All: cpu(), Work: cpu() - atFirst})
	if err != nil {
		return err
	}
	return os.WriteFile(*usedFile, data, 0o600)
}

// cpu is what this process has taken.
func cpu() int64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return r.Utime.Nano() + r.Stime.Nano()
}

var atFirst int64

// first notes that the work begins.
var first = sync.OnceFunc(func() { atFirst = cpu() })

// each gives the lines of a source.
func each(lines [][]byte, give func(line []byte, i int) error) error {
	first()
	for i, line := range lines {
		if err := give(line, i); err != nil {
			return err
		}
	}
	return nil
}

// acked serves by runtime/component.
func acked(lines [][]byte) error {
	part := component.Sink(func(context.Context, component.Event) error { first(); return nil })
	switch *role {
	case "source":
		part = component.Source(func(_ context.Context, _ string, give func(component.Event, string) error) error {
			return each(lines, func(line []byte, i int) error {
				return give(component.Event{ID: strconv.Itoa(i), Type: "line", Payload: line}, strconv.Itoa(i))
			})
		})
	case "processor":
		part = component.Processor(func(_ context.Context, e component.Event) (component.Event, error) { first(); return e, nil })
	}
	return component.Serve(context.Background(), component.Info{Name: "bench"}, part)
}

// serve serves flowctl.v1.
func serve(lines [][]byte) error {
	l, err := net.Listen("tcp", "127.0.0.1"+os.Getenv("PORT"))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	s := grpc.NewServer()
	plain.Register(s, *role, plain.Options{Together: *together, Events: func(give func(*proto.Event) error) error {
		return each(lines, func(line []byte, i int) error {
			return give(&proto.Event{Id: strconv.Itoa(i), Type: "line", Payload: line, Timestamp: timestamppb.Now()})
		})
	}})
	go func() {
		<-ctx.Done()
		time.AfterFunc(time.Second, s.Stop)
		s.GracefulStop()
	}()
	return s.Serve(l)
}

// text speaks by lines.
func text(lines [][]byte) error {
	signal.Ignore(syscall.SIGTERM) // the end of the input is the end
	w := bufio.NewWriterSize(os.Stdout, 64<<10)
	switch *role {
	case "source":
		err := each(lines, func(line []byte, _ int) error {
			_, err := w.Write(line)
			return errors.Join(err, w.WriteByte('\n'))
		})
		return errors.Join(err, w.Flush())
	case "processor":
		r := bufio.NewReaderSize(os.Stdin, 64<<10)
		for {
			line, err := r.ReadSlice('\n')
			if errors.Is(err, io.EOF) {
				return w.Flush()
			}
			if err == nil {
				_, err = w.Write(line)
			}
			if err == nil && r.Buffered() == 0 {
				err = w.Flush()
			}
			if err != nil {
				return err
			}
		}
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
