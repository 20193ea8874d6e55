// Package stalled measures how much memory a program holds while its sink stands
// still: a server that takes a request and never answers. What flowc says is the most
// (`flowc explain`) must be more than what the kernel saw.
package stalled

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/flowc-dev/flowc/bench/internal/measure"
	"github.com/flowc-dev/flowc/bench/internal/shop"
)

// Options are what a run needs.
type Options struct {
	Shop     *shop.Shop
	Launcher measure.Launcher
	Dir      string        // for data
	Span     time.Duration // how long the sink stands still
	Cores    []int
	Log      func(format string, args ...any)
}

// A Row is what became of records of one size.
type Row struct {
	// Record is the length of a record, Input that of all of them, Bound what flowc
	// says is the most, and RSS what the kernel saw; all in bytes.
	Record, Input, Bound, RSS int64
	Absent, Wrong             string
}

// sizes are the records: the ones of the other workloads, and the ones that a queue
// by number of records would die of.
var sizes = []struct{ record, count int64 }{{1 << 10, 300_000}, {10 << 20, 40}}

// Run runs the pipeline `stalled` over records of each size.
func Run(ctx context.Context, o Options) ([]Row, error) {
	program, err := o.Shop.Pipeline(ctx, "stalled")
	if err != nil {
		return []Row{{Absent: err.Error()}}, nil //nolint:nilerr // the table says why there is no row
	}
	bound, err := o.Shop.Memory(ctx, "stalled")
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, size := range sizes {
		o.Log("stalled: records of %d bytes", size.record)
		row := Row{Record: size.record, Bound: bound}
		input := filepath.Join(o.Dir, "stalled.ndjson")
		if row.Input, err = write(input, size.record, size.count); err != nil {
			return nil, err
		}
		if err := o.once(ctx, program, input, &row); err != nil {
			row.Wrong = err.Error()
		}
		if err := os.Remove(input); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// once runs the program until the sink has stood still for the span.
func (o Options) once(ctx context.Context, program, input string, row *Row) error {
	server, err := listen()
	if err != nil {
		return err
	}
	defer server.close()
	dir, err := os.MkdirTemp(o.Dir, "run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p, err := o.Launcher.Start(ctx, measure.Command{
		Argv:  []string{program, "--set", "events.config.path=" + input, "--set", "hook.config.url=http://" + server.address()},
		Dir:   dir,
		Env:   []string{"FLOWC_STATE=" + filepath.Join(dir, "state")},
		Cores: o.Cores,
	})
	if err != nil {
		return err
	}
	select {
	case <-time.After(o.Span):
	case <-ctx.Done():
	}
	asked := server.asked.Load()
	// The drain would wait for the sink: a second signal ends the program at once.
	u, err := p.StopNow()
	switch {
	case err != nil:
		return err
	case asked == 0:
		return fmt.Errorf("the sink sent nothing: %s", p.Stderr())
	}
	row.RSS = u.MaxRSS
	if row.RSS > row.Bound {
		return fmt.Errorf("%d MB were held, and %d MB were promised", row.RSS>>20, row.Bound>>20)
	}
	return nil
}

// write writes count records of a length as NDJSON, and gives the file's size.
func write(path string, length, count int64) (int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	padding := bytes.Repeat([]byte("x"), int(length))
	for i := range count {
		line := append([]byte(nil), `{"id":"`...)
		line = strconv.AppendInt(line, i, 10)
		line = append(line, `","fee_charged":7,"text":"`...)
		line = append(line, padding[:max(int(length)-len(line)-3, 0)]...)
		line = append(line, "\"}\n"...)
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// A server takes connections, reads what comes, and answers nothing.
type server struct {
	l     net.Listener
	asked atomic.Int64
}

func listen() (*server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{l: l}
	go s.serve()
	return s, nil
}

func (s *server) address() string { return s.l.Addr().String() }

func (s *server) serve() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.asked.Add(1)
		go func() {
			defer c.Close()
			buf := make([]byte, 1<<16)
			for {
				if _, err := c.Read(buf); err != nil {
					return
				}
			}
		}()
	}
}

func (s *server) close() { _ = s.l.Close() }
