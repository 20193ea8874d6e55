package fromflowctl

import (
	"bytes"
	"os"
	"strconv"
	"testing"
	"time"
)

// A sink takes nothing for longer than flowctl's buffer waits, with many times more on its way
// than all buffers hold: the source is held back meanwhile, and then everything arrives.
func slowSinkLosesNothing(t *testing.T) {
	const all = 3_000
	w := newWorld(t)
	w.write("pipeline.yaml", `apiVersion: flowctl/v1
kind: Pipeline
metadata: {name: slow}
spec:
  driver: process
  sources:
    - {id: ledgers, type: source, command: [./standin, source, -count, "`+strconv.Itoa(all)+`", -pad, "4000", -sent, sent]}
  sinks:
    - {id: store, type: sink, command: [./standin, consumer, -out, store.got, -gate, gate], inputs: [ledgers]}
`)
	cmd := w.command("run", "pipeline.yaml")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for w.read("sent") == "" {
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v\n%s", err, &errs)
		case <-time.After(10 * time.Millisecond):
		}
	}
	time.Sleep(5500 * time.Millisecond) // flowctl drops what a sink has not taken for five seconds
	held, err := strconv.Atoi(w.read("sent"))
	if err != nil || held >= all-1 {
		t.Errorf("the source has sent %d of %d, and the sink has taken none: %v", held, all, err)
	}
	t.Logf("of %d events the source has sent %d while its sink took none", all, held)
	if err := os.WriteFile(w.dir+"/gate", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	w.wants(errs.String(), "slow: 3,000 in · 3,000 out · 0 failed")
	if got := len(w.lines("store.got")); got != all {
		t.Errorf("%d of %d events arrived", got, all)
	}
}
