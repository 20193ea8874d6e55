//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flowc-dev/flowc/runtime/flowtest"
)

const soakPipeline = `types: {T: {id: int64, key: string, pad: string}}
delivery: {checkpoint: {every: 100ms}}
defaults: {nats: {url: "${env:NATS_URL}"}}
sources: {in: {use: nats, config: {stream: IN}, out: T, on_error: {then: dead}}}
processors: {some: {from: in, filter: in.ID % 10 != 0}}
sinks:
  out: {from: some, use: nats, config: {stream: OUT, subject: out}}
  rows: {from: in, use: sqlite, config: {path: out.db, table: t, key: [key]}}
  lines: {from: in, use: file, config: {path: "out/${in.Key}.ndjson", rotate: {bytes: 1MiB, keep: 2}}}
  dead: {use: file, config: {path: dead.ndjson, rotate: {bytes: 1MiB, keep: 2}}}
`

// A program under load, whose connections are lost again and again, holds at the end
// no more memory, goroutines and descriptors than when it was warm. FLOWC_SOAK is how
// long it goes on (`make soak`).
func TestSoak(t *testing.T) {
	text := os.Getenv("FLOWC_SOAK")
	if text == "" {
		t.Skip("FLOWC_SOAK says how long: make soak SOAK=30m")
	}
	long, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("FLOWC_SOAK: %v", err)
	}
	file := filepath.Join(t.TempDir(), "soak.yaml")
	if err := os.WriteFile(file, []byte(soakPipeline), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newNATSServer(t)
	js, conn := s.stream()
	t.Cleanup(conn.Close)
	for name, subject := range map[string]string{"IN": "in", "OUT": "out"} {
		c := jetstream.StreamConfig{Name: name, Subjects: []string{subject}, MaxBytes: 64 << 20, Discard: jetstream.DiscardOld}
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	proxy, err := flowtest.NewProxy(strings.TrimPrefix(s.url(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	p := start(t, buildProgram(t, file), t.TempDir(), "NATS_URL=nats://"+proxy.Address())
	eventually(t, "the program is ready", func() bool { p.alive(); return p.ready() == http.StatusOK })

	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	sent := make(chan int)
	go func() { sent <- soakLoad(ctx, js) }()
	lost := make(chan int)
	go func() { lost <- soakFaults(ctx, proxy) }()

	every := min(long/300, time.Second)
	measures := map[string][]float64{}
	for tick := time.NewTicker(every); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-tick.C:
			p.alive()
			p.measure(measures)
		}
	}
	records, reconnects := <-sent, <-lost
	t.Logf("%s: %d records sent, connections lost %d times", long, records, reconnects)
	if code := p.end(); code != 0 {
		t.Errorf("it ends with exit code %d:\n%s", code, p.said())
	}
	for name, tolerance := range map[string]float64{"go_memstats_heap_inuse_bytes": 4 << 20, "go_goroutines": 2, "descriptors": 2} {
		trend, err := flowtest.TrendOf(measures[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		perHour := trend.Growth / (0.8 * long.Hours())
		t.Logf("%s: %s, %+.3g an hour", name, trend, perHour)
		if !trend.Flat(tolerance) {
			t.Errorf("%s grows: %s", name, trend)
		}
	}
}

// soakLoad publishes records as fast as the program may need them, every 50th of them
// torn, and rests for 3 of each 20 seconds: what the program holds then does not depend
// on how busy the machine is.
func soakLoad(ctx context.Context, js jetstream.JetStream) (records int) {
	const work, rest = 17 * time.Second, 3 * time.Second
	until := time.Now().Add(work)
	for ; ctx.Err() == nil; records++ {
		if time.Now().After(until) {
			time.Sleep(rest)
			until = time.Now().Add(work)
		}
		data := chaosRecord(records % 1_000_000).Data // beyond come other keys, each with a file of its own
		if records%50 == 7 {
			data = data[:len(data)-2]
		}
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: "in", Data: data}); err != nil {
			time.Sleep(10 * time.Millisecond)
		}
		if records%20 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	return records
}

// soakFaults has the network fail now and then.
func soakFaults(ctx context.Context, p *flowtest.Proxy) (times int) {
	for ctx.Err() == nil {
		for _, name := range []flowtest.Fault{"connections cut", "half closed", "answers lost", "network blackhole", "connections refused"} {
			select {
			case <-ctx.Done():
				return times
			case <-time.After(2 * time.Second):
			}
			if p.Faults()[name](300*time.Millisecond) == nil {
				times++
			}
		}
	}
	return times
}

// measure adds what the program holds now.
func (s *started) measure(into map[string][]float64) {
	response, err := http.Get("http://" + s.http + "/metrics")
	if err != nil {
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil && strings.HasPrefix(name, "go_") {
			into[name] = append(into[name], n)
		}
	}
	if open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)); err == nil {
		into["descriptors"] = append(into["descriptors"], float64(len(open)))
	}
}
