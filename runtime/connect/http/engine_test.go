package http

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/connect/file"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// passLoop checks that each line is JSON and passes it on, as a compiled loop
// with structural validation does. A record with "check" fails in the second
// node.
type passLoop struct {
	*flow.Lane
	object  *jsonscan.Object
	spans   []jsonscan.Span
	records int64
}

func (l *passLoop) Run(b *flow.Batch) {
	out := l.Outs[0]
	for {
		start, end, next, ok := frame.Lines{}.Next(b.Data, l.Next)
		if !ok {
			return
		}
		l.Record.Start, l.Record.End, l.Next = start, end, next
		line := b.Data[start:end:end]
		if frame.IsBlank(line) {
			l.Blank++
			continue
		}
		l.records++
		l.Mark()
		if err := l.object.Scan(line, l.spans); err != nil {
			if l.Fail(0, err) {
				return
			}
			continue
		}
		if bytes.Contains(line, []byte("check")) {
			if l.Fail(1, errCheck) {
				return
			}
			continue
		}
		out.Data = append(append(out.Data, line...), '\n')
		out.Ends = append(out.Ends, uint32(len(out.Data)))
		out.Count++
	}
}

var errCheck = errors.New("check failed")

func (l *passLoop) Flush() {}
func (l *passLoop) Settle() {
	in, work := &l.Counts[0], &l.Counts[1]
	in.In += l.records
	in.Out += l.records - in.Lost()
	in.Emitted += l.records - in.Lost()
	work.In += in.Out
	work.Out += work.In - work.Lost()
	work.Emitted += work.Out
	l.records = 0
}

// program is a pipeline from the source into a file, with the default policies
// of one whose source can answer.
func program(t testing.TB, s flow.Source, path string) *flow.Program {
	t.Helper()
	reject := flow.Policy{Then: flow.Reject}
	p := flow.New(flow.Info{Name: "http", Nodes: []flow.Node{
		{Name: "in", Kind: flow.KindSource, Policy: reject},
		{Name: "work", Kind: flow.KindProcessor, Policy: reject},
		{Name: "out", Kind: flow.KindSink, Policy: reject},
	}, Drain: 20 * time.Second})
	sink, err := file.NewSink(file.SinkConfig{Path: path}, connect.Output{Node: "out", Format: "ndjson", Append: true})
	if err != nil {
		t.Fatal(err)
	}
	in := p.Source(0, s, flow.SourceOptions{Answers: true, Lines: true})
	out := p.Sink(2, sink, flow.SinkOptions{Ends: true, Depth: 256})
	p.Region("in", flow.RegionOptions{From: []*flow.Input{in}, To: []*flow.Target{out}}, func(l *flow.Lane) (flow.Loop, error) {
		o := jsonscan.NewObject(nil)
		return &passLoop{Lane: l, object: o, spans: make([]jsonscan.Span, o.Width())}, nil
	})
	return p
}

// running starts the program; stop ends it as SIGTERM does.
func running(t testing.TB, change func(*SourceConfig), path string) (url string, stop func() (*flow.Report, error)) {
	t.Helper()
	c := defaults()
	if change != nil {
		change(&c)
	}
	src, err := NewSource(c, input("ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	s := server(src)
	p := program(t, src, path)
	ctx, cancel := context.WithCancel(context.Background())
	type end struct {
		report *flow.Report
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		r, err := p.Run(ctx, flow.RunOptions{StateDir: filepath.Join(filepath.Dir(path), "state")})
		ended <- end{r, err}
	}()
	eventually(t, "it is ready", func() bool { return p.Ready(context.Background()) == nil })
	return "http://" + s.Addr().String() + c.Path, func() (*flow.Report, error) {
		cancel()
		e := <-ended
		return e.report, e.err
	}
}

// Every record that was answered with 200 is in the file, once; of a request
// that was refused there is nothing; and the program goes on whatever it is sent.
func TestEndToEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	url, stop := running(t, nil, path)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var mu sync.Mutex
	var accepted []string
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range 50 {
				a, b := fmt.Sprintf(`{"c":%d,"i":%d}`, c, i), fmt.Sprintf(`{"c":%d,"i":%d,"second":true}`, c, i)
				body, want, records := a, 200, []string{a}
				switch i % 5 {
				case 1:
					body, records = "["+a+",\n"+b+"]", []string{a, b}
				case 2:
					body, want, records = a+"\n{\"broken\":", 400, nil
				case 3:
					body, want, records = a+"\n{\"check\":1}\n"+b, 422, nil
				case 4:
					body, records = a+"\n\n"+b+"\n", []string{a, b}
				}
				contentType := "application/x-ndjson"
				if body[0] == '[' {
					contentType = "application/json"
				}
				q, _ := http.NewRequest("POST", url, strings.NewReader(body))
				r := do(t, client, q, "Content-Type", contentType)
				if r.status != want || want == 200 && r.accepted() != len(records) {
					t.Errorf("%q: %d %s, want %d", body, r.status, r.Error, want)
				}
				if want != 200 && (r.Line != 2 || r.Offset == nil) {
					t.Errorf("%q: line %d", body, r.Line)
				}
				mu.Lock()
				accepted = append(accepted, records...)
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	client.CloseIdleConnections()
	report, err := stop()
	if err != nil || !report.OK {
		t.Fatalf("%v, %+v", err, report)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	slices.Sort(lines)
	slices.Sort(accepted)
	if !slices.Equal(lines, accepted) {
		t.Errorf("%d lines are there, %d were accepted", len(lines), len(accepted))
	}
}

// The program is told to stop in the middle of traffic: each answered record is
// there, no other one, and every client gets an answer.
func TestStopUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.ndjson")
	url, stop := running(t, nil, path)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var mu sync.Mutex
	accepted, refused := map[string]bool{}, 0
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"c":%d,"i":%d}`, c, i)
				resp, err := client.Post(url, "application/json", strings.NewReader(body))
				if err != nil { // the listener is closed
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				mu.Lock()
				switch resp.StatusCode {
				case 200:
					accepted[body] = true
				case 503:
					refused++
				default:
					t.Errorf("%d", resp.StatusCode)
				}
				mu.Unlock()
			}
		})
	}
	eventually(t, "some are accepted", func() bool { mu.Lock(); defer mu.Unlock(); return len(accepted) > 500 })
	report, err := stop()
	clients.Wait()
	if err != nil || !report.OK {
		t.Fatalf("%v, %+v", err, report)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, l := range lines {
		if !accepted[l] {
			t.Errorf("%s is there and was not accepted", l)
		}
		delete(accepted, l)
	}
	if len(accepted) > 0 {
		t.Errorf("%d records were accepted and are not there", len(accepted))
	}
}

// What a request costs beside net/http doing nothing: a client that keeps its
// connection, over loopback, in the same process.
func BenchmarkRequests(b *testing.B) {
	body := `{"id":"0123456789abcdef","type":"payment","amount":"12.50","to":{"name":"someone","account":"GABCDEF"},"memo":"` + strings.Repeat("x", 800) + `"}`
	message := []byte(fmt.Sprintf("POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	client := func(b *testing.B, address string, connections int) {
		var all sync.WaitGroup
		per := b.N/connections + 1
		b.ReportAllocs()
		b.ResetTimer()
		for range connections {
			all.Go(func() {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Close()
				buf := make([]byte, 4096)
				for range per {
					if _, err := conn.Write(message); err != nil {
						b.Error(err)
						return
					}
					n, err := conn.Read(buf)
					if err != nil || !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 200")) || !bytes.HasSuffix(buf[:n], []byte("}\n")) {
						b.Errorf("%q, %v", buf[:n], err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	for _, connections := range []int{1, 32} {
		b.Run(fmt.Sprintf("nothing, %d connections", connections), func(b *testing.B) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if _, err := io.Copy(io.Discard, q.Body); err != nil {
					b.Error(err)
				}
				accept(w, 1)
			})}
			go server.Serve(l)
			defer server.Close()
			client(b, l.Addr().String(), connections)
		})
		b.Run(fmt.Sprintf("acked, %d connections", connections), func(b *testing.B) {
			dir, err := os.MkdirTemp("/dev/shm", "flowc-bench-") //nolint:usetesting // memory, so that no disk is measured
			if err != nil {
				dir = b.TempDir()
			}
			defer os.RemoveAll(dir)
			url, stop := running(b, nil, filepath.Join(dir, "out.ndjson"))
			client(b, strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/in"), connections)
			b.StopTimer()
			if _, err := stop(); err != nil {
				b.Error(err)
			}
		})
	}
}
